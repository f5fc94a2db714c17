FROM case/onbuild-parent
