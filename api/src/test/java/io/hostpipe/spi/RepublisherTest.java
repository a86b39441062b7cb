package io.hostpipe.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.hostpipe.Address;
import io.hostpipe.PipeException;
import io.hostpipe.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
final class RepublisherTest {
  private final PipeException broke = new PipeException.Unreachable("it broke", null);

  private final Commits commits = new Commits(0);
  private final Window window = new Window(commits);
  private final Broker broker = new Broker();
  private final List<String> told = new ArrayList<>();
  private Address address;
  private Republisher<Message, Line> publishing;
  private Line first;

  @BeforeEach
  void publish() throws Exception {
    address = Address.parse("tcp://broker/orders");
    PipeContext context =
        PipeContext.messages(new BlockPool(0))
            .withRetry(
                new RetryPolicy(
                    Duration.ofMinutes(1), 3, Duration.ofNanos(1), Duration.ofMillis(1)))
            .withEvents(
                new PipeEvents() {
                  @Override
                  public void linkUp(String peer, long position) {
                    told.add("up at " + position);
                  }
                });
    publishing = new Republisher<>(address, new Attempts(context, address), broker);
    first = new Line("first");
  }

  @AfterEach
  void end() {
    publishing.close();
  }

  private void start() {
    publishing.start(first, commits, window, "clears-up");
  }

  private void write(long endPosition) throws Exception {
    Message message = new Message(endPosition);
    if (window.add(message)) {
      publishing.send(over -> over.sent.add(endPosition));
    }
  }

  @Test
  void sendsWhatIsUnconfirmedOverAnotherRouteInItsOrder() throws Exception {
    start();
    write(1);
    write(2);
    write(3);
    assertThat(first.sent).containsExactly(1L, 2L, 3L);
    window.confirm(1);
    Line second = broker.gives("second");
    publishing.doubt(first, broke);
    assertThat(second.sentAgain()).containsExactly(2L, 3L);
    assertThat(publishing.route()).isEqualTo(second);
    assertThat(broker.settled).containsExactly(second);
    assertThat(first.abandoned).isTrue();
    publishing.confirmed(first);
    assertThat(told).isEmpty();
    publishing.confirmed(second);
    publishing.confirmed(second);
    assertThat(told).containsExactly("up at 1");
  }

  @Test
  void aDoubtAboutARouteThatWasGivenUpIsForgotten() throws Exception {
    start();
    write(1);
    Line second = broker.gives("second");
    publishing.doubt(first, broke);
    assertThat(second.sentAgain()).containsExactly(1L);
    publishing.doubt(first, broke);
    window.confirm(1);
    window.awaitEmpty();
    write(2);
    assertThat(second.sent).containsExactly(1L, 2L);
    assertThat(publishing.route()).isEqualTo(second);
  }

  @Test
  void aDoubtAboutARouteCountsBeforeItIsUsed() throws Exception {
    publishing.doubt(first, broke);
    Line second = new Line("second");
    Line third = new Line("third");
    broker.settles =
        next -> {
          if (next.equals(second)) {
            publishing.doubt(second, broke);
          }
        };
    broker.next.add(second);
    broker.next.add(third);
    start();
    assertThat(third.sentAgain()).isEmpty();
    assertThat(second.abandoned).isTrue();
    assertThat(publishing.route()).isEqualTo(third);
  }

  @Test
  void aLateDoubtAboutTheRouteBeforeHidesNoneAboutTheNext() throws Exception {
    start();
    write(1);
    Line second = new Line("second");
    broker.settles =
        next -> {
          if (next.equals(second)) {
            publishing.doubt(second, broke);
            publishing.doubt(first, broke);
          }
        };
    broker.next.add(second);
    Line third = broker.gives("third");
    publishing.doubt(first, broke);
    assertThat(third.sentAgain()).containsExactly(1L);
    assertThat(second.abandoned).isTrue();
    assertThat(publishing.route()).isEqualTo(third);
  }

  @Test
  void triesAgainWhileTheBrokerIsAwayAndClosesWhatCannotBeUsed() throws Exception {
    start();
    write(1);
    Line unsettled = broker.gives("unsettled");
    Line last = broker.gives("last");
    broker.settles =
        next -> {
          if (next.equals(unsettled)) {
            throw new PipeException.Unreachable("it does not answer", null);
          }
        };
    publishing.doubt(first, broke);
    assertThat(last.sentAgain()).containsExactly(1L);
    assertThat(unsettled.closed.getCount()).isZero();
    assertThat(unsettled.sent).isEmpty();
  }

  @Test
  void endsTheWindowWhenNoFurtherTryIsAllowed() throws Exception {
    broker.settles =
        _ -> {
          throw new PipeException.Unreachable("nobody is there", null);
        };
    start();
    write(1);
    for (int index = 0; index < 4; index++) {
      broker.next.add(new Line("line " + index));
    }
    publishing.doubt(first, broke);
    assertThatExceptionOfType(PipeException.Unreachable.class)
        .isThrownBy(window::awaitEmpty)
        .withMessage("nobody is there");
    first.closed.await();
  }

  @Test
  void endsTheWindowWithWhatNoOtherTryMends() throws Exception {
    broker.settles =
        _ -> {
          throw new PipeException.Refused(Status.ABORTED, "another one writes there");
        };
    start();
    write(1);
    Line second = broker.gives("second");
    publishing.doubt(first, broke);
    assertThatExceptionOfType(PipeException.Refused.class)
        .isThrownBy(window::awaitEmpty)
        .withMessage("another one writes there");
    second.closed.await();
    first.closed.await();
  }

  @Test
  void whoWaitsDoesNotWaitForAThreadThatIsGone() throws Exception {
    broker.settles =
        _ -> {
          throw new IllegalStateException("a broken invariant");
        };
    start();
    write(1);
    var _ = broker.gives("second");
    publishing.doubt(first, broke);
    assertThatExceptionOfType(PipeException.class)
        .isThrownBy(window::awaitEmpty)
        .withMessage(address + ": what writes there has failed: a broken invariant");
    first.closed.await();
  }

  @Test
  void aRouteThatIsMadeWhileItIsClosedIsClosedAsWell() throws Exception {
    CountDownLatch made = new CountDownLatch(1);
    CountDownLatch closedMeanwhile = new CountDownLatch(1);
    broker.settles =
        _ -> {
          made.countDown();
          closedMeanwhile.await();
        };
    start();
    write(1);
    Line second = broker.gives("second");
    publishing.doubt(first, broke);
    made.await();
    publishing.close();
    closedMeanwhile.countDown();
    second.closed.await();
    first.closed.await();
    assertThat(publishing.closed()).isTrue();
    assertThatExceptionOfType(PipeException.Closed.class)
        .isThrownBy(publishing::checkOpen)
        .withMessage(address + " was closed on this side");
    assertThatExceptionOfType(PipeException.Closed.class).isThrownBy(() -> write(2));
  }

  /** A message on its way. */
  private static final class Message extends UnconfirmedMessage {
    Message(long endPosition) {
      super(endPosition, 1, null);
    }
  }

  private static final class Window extends ConfirmWindow<Message> {
    Window(Commits commits) {
      super(commits, 100, Duration.ofHours(1));
    }

    void confirm(long endPosition) {
      lock.lock();
      try {
        waiting.stream()
            .filter(each -> each.endPosition() == endPosition)
            .forEach(UnconfirmedMessage::confirm);
      } finally {
        lock.unlock();
      }
      release();
    }
  }

  /** Notes what goes over it. */
  private static final class Line implements Republisher.Route {
    private final String name;
    private final List<Long> sent = new ArrayList<>();
    private final CountDownLatch closed = new CountDownLatch(1);
    private final BlockingQueue<List<Long>> again = new LinkedBlockingQueue<>();
    private volatile boolean abandoned;

    Line(String name) {
      this.name = name;
    }

    @Nullable List<Long> sentAgain() throws InterruptedException {
      return again.poll(60, TimeUnit.SECONDS);
    }

    @Override
    public void close() {
      closed.countDown();
    }

    @Override
    public void abandon() {
      abandoned = true;
      close();
    }

    @Override
    public String toString() {
      return name;
    }
  }

  /** What a test does before a route is used. */
  @FunctionalInterface
  private interface Settling {
    void settle(Line next) throws PipeException, InterruptedException;
  }

  private static final class Broker implements Republisher.Steps<Message, Line> {
    private final BlockingQueue<Line> next = new LinkedBlockingQueue<>();
    private final List<Line> settled = new ArrayList<>();
    private volatile Settling settles = _ -> {};

    Line gives(String name) {
      Line line = new Line(name);
      next.add(line);
      return line;
    }

    @Override
    public Line connect() throws InterruptedException {
      return next.take();
    }

    @Override
    public void settle(Line line) throws PipeException, InterruptedException {
      settles.settle(line);
      settled.add(line);
    }

    @Override
    public void sendAgain(List<Message> messages, Line over) {
      List<Long> positions = messages.stream().map(UnconfirmedMessage::endPosition).toList();
      over.sent.addAll(positions);
      over.again.add(positions);
    }
  }
}
