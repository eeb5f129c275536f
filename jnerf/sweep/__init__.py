"""Many runs: scenes x methods x settings, on this machine or a Ray cluster, and a table of what came out.

``plan`` says which runs there are, ``state`` how far each is by its folder, ``drive`` keeps an executor (``local``,
``cluster``) busy with those that are not complete, and ``tables`` and ``report`` show all of them. What is done is
known from the run folders alone, so that a sweep can be killed at any moment and begun again.
"""
