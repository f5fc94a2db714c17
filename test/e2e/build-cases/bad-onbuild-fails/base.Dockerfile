FROM scratch
ONBUILD COPY lacking /x
