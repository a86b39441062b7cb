package io.hostpipe.connector.tcp.ssh;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

final class ReadyTest {
  private static final String LINE = StandardCharsets.US_ASCII.decode(Ready.bytes()).toString();

  @Test
  void whatALoginShellGreetsWithIsPassedOver() throws IOException {
    ByteArrayInputStream in = stream("Welcome!\n\n\nhostpipe: the sess\n" + LINE + "rest");
    assertThat(Ready.await(in)).isTrue();
    assertThat(new String(in.readAllBytes(), StandardCharsets.US_ASCII)).isEqualTo("rest");
  }

  @Test
  void anEndBeforeItIsNone() throws IOException {
    assertThat(Ready.await(stream("bash: hostpipe: command not found\n"))).isFalse();
    assertThat(Ready.await(stream(""))).isFalse();
  }

  @Test
  void somebodyWhoTalksOnIsNoHostpipe() throws IOException {
    assertThat(Ready.await(stream("y\n".repeat(1 << 20) + LINE))).isFalse();
  }

  private static ByteArrayInputStream stream(String text) {
    return new ByteArrayInputStream(text.getBytes(StandardCharsets.US_ASCII));
  }
}
