package io.hostpipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The small values: cursors, stream ids, resumes, rejections, statuses, guarantees. */
final class ValuesTest {
  @Test
  void aCursorIsOpaqueImmutableAndLimited() {
    byte[] bytes = {1, 2};
    Cursor cursor = Cursor.of(bytes);
    bytes[0] = 9;
    cursor.bytes()[1] = 9;
    assertThat(cursor.bytes()).containsExactly(1, 2);
    assertThat(cursor)
        .isEqualTo(Cursor.of(new byte[] {1, 2}))
        .hasSameHashCodeAs(Cursor.of(new byte[] {1, 2}))
        .isNotEqualTo(Cursor.of(new byte[] {1}))
        .hasToString("Cursor[0102]");
    assertThat(Cursor.of("offset ✓").text()).isEqualTo("offset ✓");
    assertThat(Cursor.of(new byte[Cursor.LENGTH_BYTES_MAX]).bytes()).hasSize(256);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Cursor.of(new byte[Cursor.LENGTH_BYTES_MAX + 1]))
        .withMessageContaining("257");
  }

  @Test
  void aStreamIdIsShortAndPrintable() {
    assertThat(new StreamId("orders/7")).hasToString("orders/7");
    assertThat(new StreamId("✓".repeat(66)).value()).hasSize(66);
    for (String wrong : List.of("", "✓".repeat(67), "a\nb", "\u0000", "x\u007f")) {
      assertThatIllegalArgumentException().isThrownBy(() -> new StreamId(wrong));
    }
  }

  @Test
  void aResumeIsNotNegative() {
    assertThat(Resume.START).isEqualTo(new Resume(0, null, Digest.EMPTY));
    assertThatIllegalArgumentException().isThrownBy(() -> new Resume(-1, null, null));
  }

  @Test
  void aRejectionKeepsAReasonableReason() {
    assertThat(new Rejection(Status.OUT_OF_RANGE, "x".repeat(5_000)).reason())
        .hasSize(Rejection.REASON_LENGTH_MAX);
    assertThat(new Rejection(Status.OUT_OF_RANGE, "short").reason()).isEqualTo("short");
  }

  @Test
  void committedKeepsItsOwnList() {
    List<Committed.Rejected> rejected = new ArrayList<>();
    rejected.add(new Committed.Rejected(3, new Rejection(Status.INTERNAL, "why")));
    Committed committed = new Committed(5, rejected);
    rejected.clear();
    assertThat(committed.rejected()).hasSize(1);
    assertThatExceptionOfType(UnsupportedOperationException.class)
        .isThrownBy(() -> committed.rejected().clear());
  }

  @Test
  void statusesHaveTheNumbersOfGrpc() {
    for (Status status : Status.values()) {
      assertThat(Status.ofCode(status.code())).isEqualTo(status);
    }
    assertThat(Status.ofCode(16)).isEqualTo(Status.UNAUTHENTICATED);
    assertThat(Status.ofCode(17)).isEqualTo(Status.UNKNOWN);
    assertThat(Status.ofCode(-1)).isEqualTo(Status.UNKNOWN);
  }

  @Test
  void aStrongerGuaranteeCoversAWeakerOne() {
    assertThat(Guarantee.ONCE.covers(Guarantee.AT_LEAST_ONCE)).isTrue();
    assertThat(Guarantee.ONCE.covers(Guarantee.ONCE)).isTrue();
    assertThat(Guarantee.ONCE_WHILE_RUNNING.covers(Guarantee.ONCE)).isFalse();
    assertThat(Guarantee.AT_MOST_ONCE.covers(Guarantee.AT_LEAST_ONCE)).isFalse();
  }

  @Test
  void anUnknownSchemeIsNamed() throws Exception {
    Address address = Address.parse("gopher://host/x");
    assertThatExceptionOfType(PipeException.Config.class)
        .isThrownBy(() -> Hostpipe.connector(address))
        .withMessageContaining("no connector for 'gopher'");
  }
}
