# How `_behaviour.py` is laid out when it is compiled.
cimport cython
from actors._envelopes cimport request_as_sent
from actors._kernel.current cimport me
from actors._kernel.cell cimport Cell as CCell
from actors._kernel.scheduler cimport Scheduler as CScheduler
from actors.naming cimport locate, whereis
from actors.pid cimport Pid, Ref

cdef set SHARED
cdef str ASKED, CALL, CAST

@cython.locals(cell=CCell, scheduler=CScheduler, pid=Pid, target=CCell)
cpdef call(object server, object request, object timeout, object function=*, bint is_shared=*)

@cython.locals(cell=CCell, scheduler=CScheduler, pid=Pid, there=CCell)
cpdef cast(object server, object request, object told=*)

@cython.final
cdef class StartOptions:
    cdef readonly bint link
    cdef readonly object name
    cdef readonly object timeout
    cdef readonly object host
    cdef readonly object mailbox
    cdef readonly bint monitor

@cython.final
cdef class _Boot:
    cdef public object _initial_call
    cdef public object _make
    cdef public object _options
    cdef public object _ref
    cdef public CCell _starter

cpdef give(tuple caller, object value)

@cython.locals(pid=Pid, ref=Ref, waiting=CCell, here=CCell, scheduler=CScheduler)
cpdef give(tuple caller, object value)

@cython.locals(asked=tuple, args=tuple, parts=tuple)
cpdef _crossed(CScheduler scheduler, object request)

cpdef _locate(object server)
