# How `_behaviour.py` is laid out when it is compiled.
cimport cython
from actors._atoms cimport in_shared
from actors._envelopes cimport request_as_sent
from actors._kernel.current cimport me
from actors._kernel.cell cimport Cell as CCell, Handler
from actors._kernel.scheduler cimport Scheduler as CScheduler
from actors.naming cimport locate, take_name, whereis
from actors.pid cimport Pid, Ref
from actors.process cimport Launched, launch_on

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

cdef class Server(Handler):
    cpdef init(self)
    cpdef begin(self, object outcome)

@cython.final
cdef class _Boot:
    cdef public tuple _given
    cdef public object _make
    cdef public StartOptions _options
    cdef public CCell _starter
    cdef public object initial_call
    cdef public Ref ref

    @cython.locals(cell=CCell, server=Server)
    cpdef run(self)

@cython.locals(pid=Pid, ref=Ref, waiting=CCell, here=CCell, scheduler=CScheduler)
cpdef give(tuple caller, object value)

@cython.locals(asked=tuple, args=tuple, parts=tuple)
cpdef _crossed(CScheduler scheduler, object request)

@cython.locals(pid=Pid)
cpdef _locate(object server)

@cython.locals(cell=CCell, target=CCell, scheduler=CScheduler)
cpdef stop(object server, object reason, object timeout, object function=*)

cpdef check_name(object name)

cpdef start(object make, object initial_call, object options, object given=*)

@cython.locals(starter=CCell, boot=_Boot)
cpdef Launched _start(object make, object initial_call, StartOptions options, object given)

@cython.locals(scheduler=CScheduler, launched=Launched, pid=Pid)
cpdef Launched _launched(_Boot boot, CCell starter, StartOptions options)

cpdef tuple _answer_of(CCell starter, object launched, StartOptions options)

@cython.locals(scheduler=CScheduler)
cpdef tuple await_start(CCell cell, object timeout)

@cython.locals(scheduler=CScheduler)
cpdef acknowledge(CCell cell, CCell starter, Ref ref, object value)

@cython.locals(cell=CCell)
cpdef conclude(object behaviour, object reason, object terminate, object told, object stack=*)
