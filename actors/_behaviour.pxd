# How `_behaviour.py` is laid out when it is compiled.
cimport cython
from actors._envelopes cimport request_as_sent
from actors._kernel.current cimport me
from actors._kernel.cell cimport Cell as CCell
from actors._kernel.scheduler cimport Scheduler as CScheduler
from actors.pid cimport Pid, Ref

@cython.locals(cell=CCell, scheduler=CScheduler, target=CCell)
cpdef call(object server, object request, object timeout, object function=*)

cpdef cast(object server, object request)

cpdef give(tuple caller, object value)

@cython.locals(pid=Pid, ref=Ref, waiting=CCell, here=CCell, scheduler=CScheduler)
cpdef give(tuple caller, object value)

@cython.locals(asked=tuple, args=tuple)
cpdef _crossed(CScheduler scheduler, object request)

cpdef _locate(object server)
