package io.hostpipe.connector.local;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostpipe.PipeException;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import org.junit.jupiter.api.Test;

/** What a failed write means for who waits for it. */
final class IoErrorsTest {
  @Test
  void aDeviceThatFailsIsDataLossWithThePosition() {
    assertThat(IoErrors.writing("./out", 1_000, new IOException("Input/output error")))
        .isInstanceOf(PipeException.DataLoss.class)
        .hasMessageContaining("./out cannot be written at position 1000");
  }

  @Test
  void noRoomIsNoLossAndNamesThePosition() {
    assertThat(IoErrors.writing("./out", 1_000, new IOException("No space left on device")))
        .isInstanceOf(PipeException.Refused.class)
        .hasMessageContaining("./out has no room left at position 1000");
  }

  @Test
  void whatWasClosedHereIsSaidToBe() {
    assertThat(IoErrors.writing("./out", 1_000, new ClosedChannelException()))
        .isInstanceOf(PipeException.Closed.class);
  }
}
