# How `process.py` is laid out when it is compiled.
cimport cython
from actors._atoms cimport in_shared
from actors._kernel.current cimport me, running
from actors._kernel.cell cimport Cell
from actors._kernel.scheduler cimport Scheduler as CScheduler
from actors._kernel.signals cimport link as make_link
from actors.pid cimport Pid, Ref

@cython.final
cdef class Launched:
    cdef public object pid
    cdef public object ref

@cython.locals(cell=Cell, scheduler=CScheduler)
cpdef Launched launch(object body, object doing, bint link=*, bint monitor=*, object alias=*, object host=*, object mailbox=*, bint heir=*, object before=*)

cdef set SHARED

cpdef bint _crosses_as_it_is(object fn, tuple args) except -1

cpdef bint are_shared(object values) except -1

cpdef dict _given(Cell cell)

cpdef Pid self()

cpdef tuple given(object fn, tuple args)

@cython.locals(cell=Cell)
cpdef Launched launch_on(CScheduler scheduler, Cell parent, object context, object body, object doing, bint link, object ref, bint is_alias, object host, object mailbox, bint heir, object before)

cpdef _lineage(Cell parent)

@cython.locals(cell=Cell, scheduler=CScheduler)
cpdef receive_of(Ref ref, object timeout)

cpdef check_timeout(object what, object seconds)

@cython.locals(cell=Cell, scheduler=CScheduler)
cpdef sleep(object seconds)

@cython.locals(there=Pid, target=Cell, cell=Cell)
cpdef send_exit(object pid, object reason)

@cython.locals(cell=Cell)
cpdef whereis(object name)

cpdef bint is_alive(object pid) except -1

cpdef Pid _pid(object value)

cpdef crossed(object value, object what)

@cython.locals(scheduler=CScheduler)
cpdef _press_if_it_computes(object pid, Cell target, object reason)

@cython.locals(target=Cell)
cpdef _signal(CScheduler scheduler, Cell sender, Pid pid, object reason)

cpdef send(object dest, object message)

@cython.locals(cell=Cell, scheduler=CScheduler, target=Cell)
cpdef deliver(object dest, object message)

@cython.locals(cell=Cell, scheduler=CScheduler)
cpdef receive(object match=*, object timeout=*)

@cython.locals(cell=Cell, scheduler=CScheduler)
cpdef begin_waiting(object pids)

@cython.locals(cell=Cell, scheduler=CScheduler)
cpdef bint unwatch(Ref ref, bint flush) except -1

@cython.locals(scheduler=CScheduler)
cpdef _send_to_alias(Cell cell, Ref alias, object message)

cpdef get(object key, object default=*)

@cython.locals(cell=Cell)
cpdef end_waiting()

cpdef put(object key, object value)

cpdef dict _dictionary(Cell cell)

@cython.locals(scheduler=CScheduler)
cpdef monotonic()

@cython.locals(target=Cell, first=Cell)
cpdef _begin_waiting(CScheduler scheduler, Cell cell, object pids)
