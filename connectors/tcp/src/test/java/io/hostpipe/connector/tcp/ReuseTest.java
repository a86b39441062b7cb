package io.hostpipe.connector.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostpipe.Listener;
import io.hostpipe.Message;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.testkit.InParallel;
import io.hostpipe.testkit.links.Ends;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Short pipes over real sockets, which take turns on them. */
final class ReuseTest {
  private static final int THREADS = 8;
  private static final int PIPES = 100;

  private final Ends ends = TestEnds.tcp();
  private final Set<String> peers = ConcurrentHashMap.newKeySet();
  private final Set<String> got = ConcurrentHashMap.newKeySet();
  private final AtomicInteger gotCount = new AtomicInteger();

  @AfterEach
  void closeAll() {
    ends.close();
  }

  @Test
  void aThousandPipesNeedFewConnections() throws Exception {
    Listener listener = ends.listen("jobs", ends.messages());
    serve(listener);
    sendAll(listener, Ends.SHORT);
    assertThat(got).hasSize(THREADS * PIPES);
    assertThat(gotCount).hasValue(THREADS * PIPES);
    assertThat(peers).hasSizeLessThanOrEqualTo(4 * THREADS);
  }

  /** Of those, a few may come from a port that one before them has left. */
  @Test
  void withoutAPoolEachPipeHasItsOwn() throws Exception {
    Listener listener = ends.listen("jobs", ends.messages());
    serve(listener);
    sendAll(listener, Ends.SHORT + "&pool-max=0");
    assertThat(gotCount).hasValue(THREADS * PIPES);
    assertThat(peers).hasSizeGreaterThan(THREADS * PIPES / 2);
  }

  @Test
  void noPipeFailsWhenTheListenerClosesLinksWhileTheyAreTaken() throws Exception {
    Listener listener =
        ends.listen("jobs", Ends.SHORT + "&pool-idle=10ms&pool-max=4", ends.messages());
    serve(listener);
    sendAll(listener, Ends.SHORT);
    assertThat(got).hasSize(THREADS * PIPES);
    assertThat(gotCount).hasValue(THREADS * PIPES);
    assertThat(ends.dialerTold).noneMatch(line -> line.startsWith("down"));
  }

  private void sendAll(Listener listener, String options) throws Exception {
    int port = listener.address().port();
    List<InParallel<Boolean>> all = new ArrayList<>();
    for (int thread = 0; thread < THREADS; thread++) {
      String name = "job " + thread + " ";
      all.add(
          InParallel.run(() -> {
            for (int index = 0; index < PIPES; index++) {
              send(port, name + index, options);
            }
            return true;
          }));
    }
    for (InParallel<Boolean> each : all) {
      each.join();
    }
  }

  private void send(int port, String text, String options) throws Exception {
    try (Pipe pipe =
        ends.dial(port, "jobs", options, ends.messages().withDirections(true, false))) {
      pipe.send(text.getBytes(StandardCharsets.UTF_8));
      pipe.sink().finish();
    }
  }

  private void serve(Listener listener) {
    Thread.ofVirtual()
        .start(() -> {
          try {
            while (true) {
              Pipe pipe = listener.accept();
              peers.add(pipe.description());
              Thread.ofVirtual().start(() -> take(pipe));
            }
          } catch (PipeException | InterruptedException e) {
            // The listener was closed: the test is over.
          }
        });
  }

  private void take(Pipe pipe) {
    try (pipe) {
      for (Message message : pipe.messages()) {
        got.add(message.text());
        gotCount.incrementAndGet();
        message.commit();
      }
    } catch (PipeException e) {
      throw new UncheckedIOException(e);
    }
  }
}
