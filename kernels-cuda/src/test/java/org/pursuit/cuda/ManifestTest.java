package org.pursuit.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.nio.charset.StandardCharsets;
import jcuda.driver.CUdevice;
import org.junit.jupiter.api.Test;

class ManifestTest {
  private static final String TWO_KERNELS =
      """
      {"made": {"by": ["nvcc", 13]}, "toolkit": "13.1", "entries": [
        {"name": "topk", "family": "selection", "threads": 512, "cluster": 1, "argumentBytes": 64,
         "architectures": [{"arch": "compute_80", "registers": 0},
                           {"arch": "sm_80", "registers": 64, "spillBytes": 0}], "new": {"a": [1]}},
        {"name": "topk_cluster", "family": "selection", "threads": 256, "cluster": 4,
         "argumentBytes": 72, "architectures": [{"arch": "sm_90"}]}
      ]}
      """;

  @Test
  void readsWhatItKnowsAndSkipsTheRest() {
    Manifest manifest = parse(TWO_KERNELS);
    assertThat(manifest.toolkit()).isEqualTo(13);
    Manifest.Entry topK = manifest.entry("topk");
    assertThat(topK.family()).isEqualTo("selection");
    assertThat(topK.threads()).isEqualTo(512);
    assertThat(topK.cluster()).isEqualTo(1);
    assertThat(topK.argumentBytes()).isEqualTo(64);
    assertThat(topK.architectures()).containsExactly("compute_80", "sm_80");
    assertThat(manifest.entry("topk_cluster").cluster()).isEqualTo(4);
    assertThat(manifest.entry("other")).isNull();
  }

  @Test
  void machineCodeRunsWithinItsGenerationAndPtxOnAllLaterOnes() {
    Manifest.Entry both = parse(TWO_KERNELS).entry("topk");
    assertThat(both.runsOn(device(75))).isFalse();
    assertThat(both.runsOn(device(80))).isTrue();
    assertThat(both.runsOn(device(120))).isTrue();
    Manifest.Entry code = parse(TWO_KERNELS).entry("topk_cluster");
    assertThat(code.runsOn(device(89))).isFalse();
    assertThat(code.runsOn(device(90))).isTrue();
    assertThat(code.runsOn(device(100))).isFalse();
  }

  @Test
  void onlyDevicesWithClustersMissTheirKernels() {
    Manifest manifest = parse(TWO_KERNELS);
    assertThat(manifest.missingOn(device(80))).isNull();
    assertThat(manifest.missingOn(device(90))).isNull();
    assertThat(manifest.missingOn(device(100)).name()).isEqualTo("topk_cluster");
    assertThat(manifest.missingOn(device(75)).name()).isEqualTo("topk");
  }

  @Test
  void refusesWhatIsNoManifest() {
    refuses("[]");
    refuses("{\"entries\": 3}");
    refuses("{\"entries\": [{\"name\": \"topk\"}]}");
    refuses("{\"entries\": [");
    refuses("");
    refuses(TWO_KERNELS.replace("512", "0"));
    refuses(TWO_KERNELS.replace("512", "\"many\""));
    refuses(TWO_KERNELS.replace("13.1", "newest"));
    refuses(TWO_KERNELS.replace("toolkit", "tools"));
    refuses("{}");
  }

  private static void refuses(String json) {
    assertThatIllegalStateException()
        .as(json)
        .isThrownBy(() -> parse(json))
        .withMessageStartingWith("here: not a manifest of kernels");
  }

  private static Manifest parse(String json) {
    return Manifest.parse(json.getBytes(StandardCharsets.UTF_8), "here");
  }

  private static Device device(int capability) {
    return new Device(new CUdevice(), 0, "GPU", capability, 1, 0, 0, 0);
  }
}
