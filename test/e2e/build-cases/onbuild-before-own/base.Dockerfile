FROM busybox
ONBUILD RUN echo one >>/order
ONBUILD ENV A="from trigger"
ONBUILD RUN echo two >>/order
