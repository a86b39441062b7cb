package io.hostpipe.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostpipe.Encoding;
import io.hostpipe.PipeException;
import io.hostpipe.Resume;
import io.hostpipe.Sink;
import io.hostpipe.StreamId;
import io.hostpipe.Target;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class HeldByPlacesTest {
  private static final StreamId STREAM = new StreamId("s");

  private final HeldByPlaces held = new HeldByPlaces();

  @Test
  void theLeastOfAllPlacesCounts() throws PipeException {
    held.opened(List.of(new Place(Map.of(STREAM, 7L)), new Place(Map.of(STREAM, 3L))));
    assertThat(held.held(STREAM)).isEqualTo(new Resume(3, null, null));
    assertThat(held.heldStreams()).containsExactly(STREAM);
  }

  @Test
  void whatOnePlaceNeverMetIsHeldByNone() throws PipeException {
    held.opened(List.of(new Place(Map.of(STREAM, 7L)), new Place(Map.of())));
    assertThat(held.held(STREAM)).isNull();
    assertThat(held.heldStreams()).isEmpty();
  }

  @Test
  void withoutPlacesNothingIsHeld() throws PipeException {
    held.opened(List.of());
    assertThat(held.held(STREAM)).isNull();
  }

  @Test
  void whoAsksBeforeTheyAreOpenWaits() throws Exception {
    CompletableFuture<@Nullable Resume> answer =
        CompletableFuture.supplyAsync(() -> {
          try {
            return held.held(STREAM);
          } catch (PipeException e) {
            throw new IllegalStateException(e);
          }
        });
    held.opened(List.of(new Place(Map.of(STREAM, 1L))));
    assertThat(answer.get()).isEqualTo(new Resume(1, null, null));
  }

  @Test
  void placesThatAreNeverOpenedAnswerNobody() {
    held.closed();
    assertThatThrownBy(() -> held.held(STREAM)).isInstanceOf(PipeException.Closed.class);
  }

  private record Place(Map<StreamId, Long> positions) implements Target {
    @Override
    public Sink open(StreamId stream, Encoding encoding) {
      throw new UnsupportedOperationException();
    }

    @Override
    public @Nullable Resume held(StreamId stream) {
      Long position = positions.get(stream);
      return position == null ? null : new Resume(position, null, null);
    }

    @Override
    public List<StreamId> heldStreams() {
      return List.copyOf(positions.keySet());
    }

    @Override
    public void close() {}
  }
}
