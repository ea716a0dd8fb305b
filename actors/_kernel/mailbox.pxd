# How `mailbox.py` is laid out when it is compiled.
cimport cython

@cython.locals(size=Py_ssize_t, near=Py_ssize_t, index=Py_ssize_t)
cpdef tuple take(object mail, object accepts, Py_ssize_t start)
