# How `scheduler.py` is laid out when it is compiled.
cimport cython
from actors._kernel.cell cimport Cell, Handler
from actors._kernel.mailbox cimport take
from actors._kernel.queues cimport append, filled, pop, popleft
from actors._kernel.relations cimport Relations
from actors._kernel.timers cimport Timer
from actors._kernel.switch cimport context_of, current_stack, get_ident, switch_to
from actors.pid cimport Pid, Ref

cdef object deque
cdef Py_ssize_t SPARE_MAIL
cdef Py_ssize_t _BATCH, _LOOK_UP, _STACKS, _STEPS, _REFUSALS, _FAILURES

@cython.final
cdef class Scheduler(Relations):
    cdef object __weakref__
    cdef public object clock
    cdef public object wakeup
    cdef public object now
    cdef public object choice
    cdef public object inbox
    cdef public dict carried
    cdef public Py_ssize_t turns
    cdef public bint resting
    cdef public bint closed
    cdef public bint ended
    cdef public bint abandoned
    cdef public object on_idle
    cdef public Cell main
    cdef public object on_end
    cdef public object on_failure
    cdef public size_t thread
    cdef public object give_way
    cdef public object hurry
    cdef public bint visited
    cdef public Py_ssize_t abroad
    cdef public Py_ssize_t _batch
    cdef public object _root
    cdef public object _spare
    cdef public list _given_up
    cdef public Py_ssize_t _failures
    cdef public bint _is_next_lower

    cpdef Cell spawn(self, object body, object doing, Cell parent, object context)
    cpdef begin(self, Cell cell)
    cpdef inherited(self)
    cpdef bint is_quiet(self) except -1
    @cython.locals(cell=Cell, turns=Py_ssize_t)
    cpdef _loop(self)
    @cython.locals(left=Py_ssize_t, handler=Handler)
    cpdef _serve(self, Cell cell, object me)
    cpdef _begin(self, Cell cell, object me)
    cpdef _leave(self, Cell cell, object me, object error)
    cpdef _settle(self, Cell cell)
    cpdef bury(self, Cell cell, object error)
    cpdef wait(self, Cell cell)
    @cython.locals(following=Cell)
    cpdef _next_stack(self)
    @cython.locals(following=Cell)
    cpdef _stay(self, Cell cell, object stack)
    cpdef refuse(self, Cell cell)
    @cython.locals(seen=Py_ssize_t)
    cpdef receive(self, Cell cell, object wanted, object timeout)
    @cython.locals(ref=Ref, answer=tuple)
    cpdef tuple exchange(self, Cell cell, Cell target, object tag, object request, object timeout)
    @cython.locals(answer=tuple)
    cpdef tuple await_answer(self, Cell cell, object timeout)
    cpdef sleep(self, Cell cell, object seconds)
    cpdef _fire_due(self)
    cpdef _rest(self)
    cpdef _fire_deadline(self, Cell cell)
    cpdef _take_in(self)
    cpdef _unwind(self, Cell cell, object me)
