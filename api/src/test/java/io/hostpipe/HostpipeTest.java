package io.hostpipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import org.junit.jupiter.api.Test;

/** What the front door says when no connector is on the class path, as here. */
final class HostpipeTest {
  @Test
  void saysWhichJarAPairNeeds() {
    assertThatExceptionOfType(PipeException.Config.class)
        .isThrownBy(Hostpipe::pair)
        .withMessageContaining("hostpipe-connector-local")
        .satisfies(e -> assertThat(e.status()).isEqualTo(Status.UNIMPLEMENTED));
  }

  @Test
  void saysThatNoConnectorAnswersForAScheme() {
    assertThatExceptionOfType(PipeException.Config.class)
        .isThrownBy(() -> Hostpipe.connect("tcp://127.0.0.1:9000/orders"))
        .withMessageContaining("no connector for 'tcp'");
  }
}
