package org.pursuit.support;

import java.util.List;
import java.util.Random;
import org.pursuit.Backend;
import org.pursuit.data.DType;
import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.Floats;
import org.pursuit.data.Gram;
import org.pursuit.data.Ints;
import org.pursuit.data.Longs;
import org.pursuit.data.Mask;
import org.pursuit.data.Matrix;
import org.pursuit.data.PursuitTape;
import org.pursuit.kernel.Activation;
import org.pursuit.kernel.Adam;
import org.pursuit.kernel.DecodeGradients;
import org.pursuit.kernel.EncodeGradients;
import org.pursuit.kernel.Fired;
import org.pursuit.kernel.MatchingPursuit;
import org.pursuit.kernel.PursuitGradients;
import org.pursuit.kernel.RowNormalisation;
import org.pursuit.kernel.Score;
import org.pursuit.kernel.TopK;
import org.pursuit.kernel.Write;

/**
 * Whole training steps, composed of kernels alone: forward, loss, backward, clipping, update and
 * bookkeeping. Nothing is read back but the loss, by whoever wants it.
 */
public abstract class TrainingStep {
  private static final Adam ADAM = Adam.learningRate(3e-3f);
  private static final float MAX_NORM = 1;

  final Backend backend;
  final Lab lab;
  final int rows;
  final int d;
  final int n;
  final Matrix x;
  final Matrix error;
  final Floats loss;
  private final Floats errors;
  private final Floats squares;
  private final Floats factor;

  TrainingStep(Lab lab, int rows, int d, int n) {
    this.lab = lab;
    this.backend = lab.backend();
    this.rows = rows;
    this.d = d;
    this.n = n;
    this.x = matrix(rows, d);
    this.error = matrix(rows, d);
    this.loss = floats(1);
    this.errors = floats(rows);
    this.squares = floats(1);
    this.factor = floats(1);
  }

  /** Puts a batch of rows in place. */
  public final void batch(Dense values) {
    x.upload(values.values());
  }

  /** One step; everything stays on the device. */
  public abstract void run(int step);

  /** The loss of the last step: the squared error of all rows. */
  public final float loss() {
    return loss.download()[0];
  }

  final Matrix matrix(int height, int width) {
    return lab.keep(backend.matrix(height, width, DType.F32));
  }

  final Floats floats(long length) {
    return lab.keep(backend.floats(length));
  }

  final Matrix normal(int height, int width, Random random) {
    return lab.matrix(Inputs.unitRows(height, width, random));
  }

  /** {@code error = x − reconstruction}, and the loss. */
  final void compare(Matrix reconstruction) {
    backend.training().axpby(1, x, 0, error);
    backend.training().axpby(-1, reconstruction, 1, error);
    backend.statistics().squaredErrors(x, reconstruction, errors);
    backend.statistics().sum(errors, null, loss);
  }

  /** A parameter with its gradient and moments. */
  final class Parameter {
    final Matrix values;
    final Matrix gradient;
    private final Matrix m;
    private final Matrix v;

    Parameter(Matrix values) {
      this.values = values;
      this.gradient = matrix(values.rows(), values.columns());
      this.m = matrix(values.rows(), values.columns());
      this.v = matrix(values.rows(), values.columns());
    }

    void update(int step) {
      backend.training().adam(ADAM, step, gradient, factor, m, v, values);
    }
  }

  /** A bias with its gradient and moments. */
  final class Bias {
    final Floats values;
    final Floats gradient;
    private final Matrix m;
    private final Matrix v;

    Bias(int length) {
      this.values = floats(length);
      this.gradient = floats(length);
      this.m = matrix(1, length);
      this.v = matrix(1, length);
    }

    void update(int step) {
      backend.training().adam(ADAM, step, gradient.asRow(), factor, m, v, values.asRow());
    }
  }

  /** Finds the factor that bounds the norm of all gradients together. */
  final void clip(Matrix... gradients) {
    Write write = Write.OVERWRITE;
    for (Matrix gradient : gradients) {
      backend.training().sumOfSquares(gradient, write, squares);
      write = Write.ACCUMULATE;
    }
    backend.training().clipFactor(squares, MAX_NORM, null, factor);
  }

  /** A TopK autoencoder with an auxiliary loss on dead latents (kernels as in OpenAI's recipe). */
  public static final class AuxK extends TrainingStep {
    private static final int K = 6;
    private static final int AUXILIARY = 4;
    private static final float WEIGHT = 1f / 32;
    private static final int LIMIT = 60;

    /** Latents that begin too faint to be selected, until the auxiliary loss wakes them. */
    private static final int SLEEPERS = 8;

    private final Parameter encoder;
    private final Parameter decoder;
    private final Bias encoderBias;
    private final Bias decoderBias;
    private final FixedWidthCodes codes;
    private final FixedWidthCodes auxiliary;
    private final Matrix centred;
    private final Matrix reconstruction;
    private final Matrix slope;
    private final Floats valueSlopes;
    private final Floats auxiliarySlopes;
    private final Longs fires;
    private final Longs since;
    private final Mask dead;
    private final Ints deadCount;

    /** Begins with the same random weights on every backend. */
    public AuxK(Lab lab, int rows, int d, int n, Random random) {
      super(lab, rows, d, n);
      Dense atoms = Inputs.unitRows(n, d, random);
      Dense weights = atoms.map(v -> v);
      for (int i = (n - SLEEPERS) * d; i < n * d; i++) {
        weights.values()[i] *= 0.2f;
      }
      encoder = new Parameter(lab.matrix(weights));
      decoder = new Parameter(lab.matrix(atoms.map(v -> v)));
      encoderBias = new Bias(n);
      decoderBias = new Bias(d);
      codes = lab.keep(backend.fixedWidthCodes(rows, K));
      auxiliary = lab.keep(backend.fixedWidthCodes(rows, AUXILIARY));
      centred = matrix(rows, d);
      reconstruction = matrix(rows, d);
      slope = matrix(rows, d);
      valueSlopes = floats((long) rows * K);
      auxiliarySlopes = floats((long) rows * AUXILIARY);
      fires = lab.keep(backend.longs(n));
      since = lab.keep(backend.longs(n));
      dead = lab.keep(backend.mask(n));
      deadCount = lab.keep(backend.ints(1));
    }

    @Override
    public void run(int step) {
      Floats bias = decoderBias.values;
      backend
          .scoring()
          .encode(
              x,
              encoder.values,
              encoderBias.values,
              Score.plain().preBias(bias),
              List.of(
                  TopK.of(K).withRelu().into(codes),
                  TopK.of(AUXILIARY).withRelu().mask(dead).into(auxiliary)));
      backend.scoring().normalise(x, RowNormalisation.NONE, bias, centred, null, null);
      backend.sparseAlgebra().decode(codes, decoder.values, bias, reconstruction);
      compare(reconstruction);
      backend.training().axpby(-2f / rows, error, 0, slope);
      DecodeGradients ofDecoder = DecodeGradients.none().atoms(decoder.gradient);
      backend
          .sparseAlgebra()
          .decodeBackward(
              codes,
              decoder.values,
              slope,
              Write.OVERWRITE,
              ofDecoder.values(valueSlopes).bias(decoderBias.gradient));
      backward(codes, valueSlopes, Write.OVERWRITE);

      // What is left is to be explained by the dead latents.
      backend.sparseAlgebra().decode(auxiliary, decoder.values, null, reconstruction);
      backend.training().axpby(-1, reconstruction, 1, error);
      backend.training().axpby(-2f * WEIGHT / rows, error, 0, slope);
      backend
          .sparseAlgebra()
          .decodeBackward(
              auxiliary,
              decoder.values,
              slope,
              Write.OVERWRITE,
              DecodeGradients.none().values(auxiliarySlopes));
      backend
          .sparseAlgebra()
          .decodeBackward(auxiliary, decoder.values, slope, Write.ACCUMULATE, ofDecoder);
      backward(auxiliary, auxiliarySlopes, Write.ACCUMULATE);

      backend.statistics().projectGradient(decoder.values, decoder.gradient);
      clip(
          encoder.gradient,
          decoder.gradient,
          encoderBias.gradient.asRow(),
          decoderBias.gradient.asRow());
      encoder.update(step);
      decoder.update(step);
      encoderBias.update(step);
      decoderBias.update(step);
      backend.statistics().unitRows(decoder.values, 0);
      backend
          .statistics()
          .columnStatistics(codes, Fired.selected(), Write.OVERWRITE, fires, null, null);
      backend.statistics().sinceFired(fires, rows, since);
      backend.statistics().deadLatents(since, LIMIT, dead, deadCount);
    }

    private void backward(FixedWidthCodes selected, Floats slopes, Write write) {
      EncodeGradients gradients =
          EncodeGradients.none()
              .weights(encoder.gradient)
              .bias(encoderBias.gradient)
              .activation(Activation.RELU);
      backend
          .sparseAlgebra()
          .encodeBackward(selected, slopes, centred, encoder.values, write, gradients);
      backend
          .sparseAlgebra()
          .encodeBackward(
              selected,
              slopes,
              centred,
              encoder.values,
              Write.ACCUMULATE,
              EncodeGradients.none().preBias(decoderBias.gradient).activation(Activation.RELU));
    }

    /** Latents that have not fired for long. */
    public int deadLatents() {
      return deadCount.download()[0];
    }
  }

  /** A dictionary that is trained through matching pursuit (the MP-SAE authors' loss). */
  public static final class Pursuit extends TrainingStep {
    private static final int STEPS = 4;

    private final MatchingPursuit options =
        MatchingPursuit.steps(STEPS).sign(MatchingPursuit.Sign.POSITIVE);
    private final Parameter dictionary;
    private final PursuitTape tape;
    private final Gram gram;
    private final Matrix residual;
    private final Matrix slope;
    private final Matrix reconstruction;

    /** Begins with the same random atoms on every backend. */
    public Pursuit(Lab lab, int rows, int d, int n, Random random) {
      super(lab, rows, d, n);
      dictionary = new Parameter(normal(n, d, random));
      tape = lab.tape(rows, STEPS);
      gram = lab.gram(n);
      residual = matrix(rows, d);
      slope = matrix(rows, d);
      reconstruction = matrix(rows, d);
    }

    @Override
    public void run(int step) {
      backend.pursuits().gram(dictionary.values, gram);
      backend.pursuits().matchingPursuit(x, dictionary.values, gram, options, tape, residual);
      backend.sparseAlgebra().decode(tape, dictionary.values, null, reconstruction);
      compare(reconstruction);
      backend.training().axpby(2f / rows, residual, 0, slope);
      backend
          .pursuits()
          .matchingPursuitBackward(
              tape,
              residual,
              dictionary.values,
              options,
              slope,
              null,
              PursuitGradients.ofAtoms(dictionary.gradient));
      clip(dictionary.gradient);
      dictionary.update(step);
      backend.statistics().unitRows(dictionary.values, 1e-8f);
    }
  }
}
