# How `_outcome.py` is called when it is compiled.
cimport cython
from actors.pid cimport Pid, Ref

cpdef next_of(Ref ref, object timeout, Pid pid=*)

cpdef _outcome(object message, Ref ref)
