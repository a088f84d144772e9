"""What the lecture notes work out, worked out again and held against the components.

N0 training, regularisation, optimisation. N1 from regression to convolutional networks, with its homework. N2 k-layer
networks, their initialisation, batch normalisation. N3 two-layer architectures. N4 the back-propagation sheet.

N0 and N4's first sheet have examples in columns, N1 and N2 treat one column at a time, N3 too; the package has examples
in rows. Each test writes the notes' formulas in the notes' own shapes and turns the results round at the end.
"""
