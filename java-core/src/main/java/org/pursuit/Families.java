package org.pursuit;

import org.pursuit.kernel.Pursuits;
import org.pursuit.kernel.Scoring;
import org.pursuit.kernel.Selection;
import org.pursuit.kernel.SparseAlgebra;
import org.pursuit.kernel.Statistics;
import org.pursuit.kernel.Training;

/** A backend's column of the matrix of kernel families and backends. */
public record Families(
    Scoring scoring,
    Selection selection,
    SparseAlgebra sparseAlgebra,
    Pursuits pursuits,
    Training training,
    Statistics statistics) {}
