# How `_outcome.py` is called when it is compiled.
cimport cython
from actors.process cimport begin_waiting, check_timeout, end_waiting, receive_of, unwatch
from actors.pid cimport Pid, Ref

cpdef next_of(Ref ref, object timeout, Pid pid=*)

cpdef _outcome(object message, Ref ref)
