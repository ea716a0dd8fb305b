# How `_behaviour.py` is laid out when it is compiled.
cimport cython
from actors._kernel.current cimport me
from actors._kernel.cell cimport Cell as CCell
from actors._kernel.scheduler cimport Scheduler
from actors.pid cimport Pid, Ref

@cython.locals(cell=CCell, scheduler=Scheduler, target=CCell)
cpdef call(object server, object request, object timeout, object function=*)

cpdef cast(object server, object request)

cpdef reply(tuple caller, object value)

@cython.locals(pid=Pid, ref=Ref, waiting=CCell, here=CCell, scheduler=Scheduler)
cpdef give(tuple caller, object value)

cpdef _locate(object server)
