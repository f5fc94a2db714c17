FROM busybox
ONBUILD RUN exit 4
