#!/bin/sh
# Plays the originals of the traces on the real BEAM and compares with what is recorded; with -w records anew.
#
#   record.sh [-w] [NAME …]        N=5 record.sh: that many runs of each
#
# It needs `elixir` on the path (in Debian's packages); the recordings were made with Elixir 1.14 on OTP 25. The traces
# named gen_stage_* also need GEN_STAGE_EBIN, the folder with the compiled gen_stage package. The waits are tens of
# milliseconds, so believe a difference only on a quiet machine.
cd "$(dirname "$0")" || exit 2
command -v elixir > /dev/null || { echo "elixir is not on the path" >&2; exit 2; }
write=no
if [ "$1" = -w ]; then write=yes; shift; fi
[ $# -gt 0 ] || set -- *.expected
differs=0
for name in "$@"; do
  name=${name%.*}
  case $name in
    gen_stage_*) [ -n "$GEN_STAGE_EBIN" ] || { echo "  left out  $name"; continue; } ;;
  esac
  if [ $write = yes ]; then elixir "$name.exs" > "$name.expected" 2> /dev/null; fi
  run=0 state="  the same"
  while [ $run -lt "${N:-1}" ]; do
    run=$((run + 1))
    elixir "$name.exs" 2> /dev/null | cmp -s - "$name.expected" || { state="   differs"; differs=1; }
  done
  echo "$state  $name"
done
exit $differs
