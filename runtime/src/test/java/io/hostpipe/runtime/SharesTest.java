package io.hostpipe.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostpipe.runtime.access.Principal;
import io.hostpipe.runtime.access.Quota;
import io.hostpipe.runtime.access.Rights;
import io.hostpipe.runtime.flow.Rate;
import io.hostpipe.runtime.flow.TokenBucket;
import java.util.Objects;
import org.junit.jupiter.api.Test;

final class SharesTest {
  private final Shares shares = new Shares(1_000);
  private final Principal ops = principal("ops", new Quota(2, 300, null));
  private final Principal others = principal("others", Quota.NONE);

  @Test
  void aPrincipalHasSoManyPipes() {
    Shares.Opened first = shares.open(ops, 10);
    shares.open(ops, 10);
    assertThat(reason(shares.open(ops, 10))).isEqualTo("ops has its 2 pipes already");
    assertThat(shares.open(others, 10).refusal()).isNull();
    shares.close(ops, first);
    assertThat(shares.open(ops, 10).refusal()).isNull();
  }

  @Test
  void aPrincipalHasSoManyBytesWindowsIncluded() {
    Shares.Share share = Objects.requireNonNull(shares.open(ops, 100).share());
    assertThat(share.tryReserve(201)).isFalse();
    assertThat(share.tryReserve(200)).isTrue();
    assertThat(reason(shares.open(ops, 1))).isEqualTo("ops has its 300 bytes under way already");
    share.release(200);
    assertThat(shares.open(ops, 100).refusal()).isNull();
  }

  @Test
  void whoIsThereLeavesAQuarterToThoseWhoCome() {
    Shares.Opened opened = shares.open(others, 100);
    Shares.Share share = Objects.requireNonNull(opened.share());
    assertThat(share.tryReserve(651)).isFalse();
    assertThat(share.tryReserve(650)).isTrue();
    assertThat(shares.open(ops, 250).refusal()).isNull();
    assertThat(reason(shares.open(others, 1))).contains("budget=");
    share.release(650);
    shares.close(others, opened);
    assertThat(shares.reservedBytes()).isEqualTo(250);
  }

  @Test
  void whatAFileSaysNewHoldsForWhoComesNext() {
    shares.open(ops, 10);
    shares.open(ops, 10);
    Principal more = principal("ops", new Quota(3, 300, null));
    assertThat(shares.open(more, 10).refusal()).isNull();
  }

  @Test
  void aNewPaceHoldsForThePipesThatComeNext() {
    Shares.Share share = Objects.requireNonNull(shares.open(ops, 10).share());
    assertThat(share.bucket()).isNull();
    shares.open(principal("ops", new Quota(3, 300, new Rate(1_000, false))), 10);
    TokenBucket paced = share.bucket();
    assertThat(paced).isNotNull();
    shares.open(principal("ops", new Quota(4, 300, new Rate(1_000, false))), 10);
    assertThat(share.bucket()).isSameAs(paced);
    shares.open(principal("ops", new Quota(5, 300, new Rate(2_000, false))), 10);
    assertThat(share.bucket()).isNotNull().isNotSameAs(paced);
  }

  private static String reason(Shares.Opened opened) {
    return Objects.requireNonNull(opened.refusal()).reason();
  }

  private static Principal principal(String name, Quota quota) {
    return new Principal(name, Rights.ALL, quota, true);
  }
}
