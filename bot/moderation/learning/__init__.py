"""LEARNING: how the model's weights are made from labelled comments. Never imported when a comment is judged.

The order of reading::

    rows       what it learns from: labelled comments, their sources and licences, and who says that a row is civic
    design     rows as a sparse matrix of the model's own features
    heads      what each head learns: targets and the weight of every row
    fit        one logistic regression
    thicket    the forest that joins the heads into evidence of hate
    tails      calibration on civic speech that the weights were not learned from
    build      all of it, in order
    measures   the figures of the model card
"""
