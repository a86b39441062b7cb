package io.hostpipe.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class LostRestTest {
  @Test
  void theArticlesDecoderReadsWhatComesWhole() throws Exception {
    assertThat(LostRest.decode(FramesTest.encoded())).hasSize(FramesTest.MESSAGES.size());
  }

  @Test
  void theArticlesDecoderLosesAMessageThatIsCut() throws Exception {
    List<byte[]> received = new ArrayList<>();
    for (byte[] piece : FramesTest.pieces(FramesTest.encoded(), 7)) {
      received.addAll(LostRest.decode(piece));
    }
    assertThat(received).noneMatch(message -> new String(message, UTF_8).equals("Hello Remote"));
  }
}
