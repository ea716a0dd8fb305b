# How `gen_server.py` is laid out when it is compiled.
cimport cython
from actors._atoms cimport in_shared
from actors._behaviour cimport Server, call as send_call, cast as send_cast, stop as send_stop
from actors._envelopes cimport request_as_sent
from actors._kernel.cell cimport Cell as CCell
from actors._kernel.scheduler cimport Scheduler
from actors.outcomes cimport NoReply, Reply
from actors.pid cimport Pid, Ref

cdef set SHARED
cdef object KEEP
cdef str CALL, CAST, SYSTEM

@cython.final
cdef class _Server(Server):
    cdef public object _args
    cdef public object _kwargs
    cdef public dict _calls
    cdef public dict _casts
    cdef public CCell _cell
    cdef public object _initial_call
    cdef public Scheduler _scheduler
    cdef public object callbacks
    cdef public object parent
    cdef public object state
    cdef public object watch

    @cython.locals(args=tuple, kwargs=dict)
    cpdef _ask(self, object method, tuple asked)
    @cython.locals(cell=CCell, scheduler=Scheduler)
    cpdef _end_as_asked(self, object reason, object message)
    cpdef _failure_of_terminate(self)
    @cython.locals(cell=CCell, pid=Pid, ref=Ref, waiting=CCell, scheduler=Scheduler, asked=tuple, reply=Reply)
    cpdef _handle_call(self, tuple caller, object request)
    @cython.locals(asked=tuple, unanswered=NoReply)
    cpdef _handle_cast(self, object request)
