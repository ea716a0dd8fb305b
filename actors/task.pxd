# How `task.py` is called when it is compiled.
cimport cython
from actors._errand cimport engage, named
from actors._outcome cimport next_of
from actors.process cimport self as myself

cpdef check_function(object fn)

cpdef placed(object fn, object args, object host)

cpdef _check_owner(object task)
