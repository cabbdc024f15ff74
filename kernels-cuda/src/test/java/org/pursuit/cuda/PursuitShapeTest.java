package org.pursuit.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import jcuda.driver.CUdevice;
import org.junit.jupiter.api.Test;
import org.pursuit.data.DType;

class PursuitShapeTest {
  private static final Device H200 = device(90, 232_448);
  private static final Device A100 = device(80, 166_912);
  private static final Device RTX_4090 = device(89, 101_376);

  @Test
  void anH200TakesWhatItsDocumentationSays() {
    for (DType gram : DType.values()) {
      assertThat(PursuitShape.of(H200, 1, gram, 0)).isEqualTo(PursuitShape.BLOCK_128);
      assertThat(PursuitShape.of(H200, 8192, gram, 0)).isEqualTo(PursuitShape.BLOCK_128);
      assertThat(PursuitShape.of(H200, 8193, gram, 0)).isEqualTo(PursuitShape.BLOCK_256);
      assertThat(PursuitShape.of(H200, 16_384, gram, 0)).isEqualTo(PursuitShape.BLOCK_256);
      assertThat(PursuitShape.of(H200, 16_385, gram, 0)).isEqualTo(PursuitShape.BLOCK_512);
      assertThat(PursuitShape.of(H200, 49_152, gram, 0)).isEqualTo(PursuitShape.BLOCK_512);
      assertThat(PursuitShape.of(H200, 51_201, gram, 0)).isEqualTo(PursuitShape.CLUSTER);
      assertThat(3 * (PursuitShape.CLUSTER.sharedBytes(65_536, gram, 0) + 1024))
          .isLessThanOrEqualTo(H200.sharedBytesPerBlock() + 1024);
    }
    assertThat(PursuitShape.of(H200, 51_200, DType.F32, 0)).isEqualTo(PursuitShape.BLOCK_512);
    assertThat(PursuitShape.of(H200, 49_153, DType.BF16, 0)).isEqualTo(PursuitShape.CLUSTER);
  }

  @Test
  void correlationsStayInMemoryWhereNoBlockHoldsThemAndThereAreNoClusters() {
    for (DType gram : DType.values()) {
      assertThat(PursuitShape.of(A100, 65_536, gram, 0)).isEqualTo(PursuitShape.GLOBAL);
      assertThat(PursuitShape.of(RTX_4090, 32_768, gram, 0)).isEqualTo(PursuitShape.GLOBAL);
      assertThat(PursuitShape.of(H200, 400_000, gram, 0)).isEqualTo(PursuitShape.GLOBAL);
    }
  }

  @Test
  void thereIsNoShapeWhereNotEvenCeilingsFit() {
    assertThat(PursuitShape.of(RTX_4090, 190_000, DType.BF16, 0)).isEqualTo(PursuitShape.GLOBAL);
    assertThat(PursuitShape.of(RTX_4090, 210_000, DType.BF16, 0)).isNull();
    assertThat(PursuitShape.of(RTX_4090, 190_000, DType.BF16, 4096)).isNull();
  }

  private static Device device(int capability, int sharedBytesPerBlock) {
    return new Device(
        new CUdevice(), 0, "GPU", capability, 132, sharedBytesPerBlock, 50 << 20, 80L << 30);
  }
}
