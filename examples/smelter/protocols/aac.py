"""AAC in RTP: what an SDP says of it, and the configuration that a decoder needs. Pure.

Source: RFC 3640 (the high bit rate mode); ISO/IEC 14496-3, 1.6.2.1 (AudioSpecificConfig).
"""

from __future__ import annotations

from dataclasses import dataclass

from examples.smelter.complaints import OptionRefused

__all__ = ["AacConfig", "aac_parameters"]

_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)
_LOW_COMPLEXITY = 2
_MOST_BYTES = 64


@dataclass(frozen=True, slots=True)
class AacConfig:
    """A configuration that has been understood.

    Raises:
        OptionRefused: it is none, or of something else than AAC-LC in mono or stereo.

    Example:
        >>> AacConfig("1190").rate, AacConfig("1210").channels
        (48000, 2)
    """

    text: str
    """In hexadecimal digits, as it stands in an SDP."""

    def __post_init__(self) -> None:
        accepted = "an AudioSpecificConfig of AAC-LC in hexadecimal, such as 1190"
        try:
            data = bytes.fromhex(self.text)
        except (TypeError, ValueError):
            raise OptionRefused("audio_specific_config", self.text, accepted) from None
        # A space is a digit to `fromhex`, and would be a word of its own in the SDP.
        is_plain = isinstance(self.text, str) and self.text.isalnum()
        if not is_plain or not 2 <= len(data) <= _MOST_BYTES:
            raise OptionRefused("audio_specific_config", self.text, accepted)
        kind, rate, channels = self._parts(data)
        if kind != _LOW_COMPLEXITY or rate >= len(_RATES) or channels not in {1, 2}:
            raise OptionRefused("audio_specific_config", self.text, accepted)

    @staticmethod
    def _parts(data: bytes) -> tuple[int, int, int]:
        bits = int.from_bytes(data[:2], "big")
        return bits >> 11, bits >> 7 & 15, bits >> 3 & 15

    @property
    def rate(self) -> int:
        """Samples in a second."""
        return _RATES[self._parts(bytes.fromhex(self.text))[1]]

    @property
    def channels(self) -> int:
        """1 or 2."""
        return self._parts(bytes.fromhex(self.text))[2]


def aac_parameters(kind: int, config: str) -> str:
    """Return the line of an SDP that says how AAC comes.

    Args:
        kind: the payload type.
        config: the configuration in hexadecimal digits.
    """
    mode = "mode=AAC-hbr;sizelength=13;indexlength=3;indexdeltalength=3"
    return f"a=fmtp:{kind} profile-level-id=1;{mode};config={config}"
