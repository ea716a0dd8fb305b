# How `_errand.py` is called when it is compiled.
cimport cython
from actors._coroutines cimport settled
from actors.process cimport Launched, deliver, get, given, launch, put
from actors.process cimport self as myself
from actors.pid cimport Pid, Ref

cpdef tuple callers()

cpdef named(object fn)

@cython.locals(ref=Ref, launched=Launched)
cpdef tuple engage(object fn, tuple args, object doing, object host=*)

cpdef _bring(object fn, tuple args, tuple asked_by, object tag, object reply_to)

cpdef run(object fn, tuple args, tuple asked_by)
