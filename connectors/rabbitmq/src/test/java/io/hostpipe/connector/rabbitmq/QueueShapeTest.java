package io.hostpipe.connector.rabbitmq;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is found out about a queue, and that nothing is made by that. */
final class QueueShapeTest extends WithQueue {
  /** As one is that is deleted behind the moment in which it was found. */
  @ParameterizedTest
  @ValueSource(strings = {"", "?quorum", "?durable=false", "?quorum&single&dead-letters=dead"})
  void aQueueThatIsGoneIsNotMadeByLookingAtIt(String query) throws Exception {
    QueueOptions options = QueueOptions.of(queue.address(query), true);
    try (RabbitConnection connection = RabbitConnection.open(options, why -> {})) {
      Queues queues = new Queues(connection, options);
      assertThat(queues.look()).isNull();
      assertThat(queues.find(queue.name())).isNull();
    }
  }

  @Test
  void aStreamIsSeenToBeOne() throws Exception {
    queue.declare(
        Map.of("x-queue-type", "stream", "x-max-age", "7D", "x-max-length-bytes", 1_000_000));
    QueueOptions options = QueueOptions.of(queue.address(""), true);
    try (RabbitConnection connection = RabbitConnection.open(options, why -> {})) {
      QueueShape shape = Objects.requireNonNull(new Queues(connection, options).look());
      assertThat(shape.isStream()).isTrue();
      assertThat(shape.argument("x-max-age")).isEqualTo("7D");
      assertThat(shape.argument("x-max-length-bytes")).isEqualTo(1_000_000L);
    }
  }

  @Test
  void whatAnotherProgramGaveAQueueIsFound() throws Exception {
    queue.declare(Map.of("x-max-priority", 5, "x-max-length", 7));
    QueueOptions options = QueueOptions.of(queue.address(""), true);
    try (RabbitConnection connection = RabbitConnection.open(options, why -> {})) {
      QueueShape shape = Objects.requireNonNull(new Queues(connection, options).look());
      assertThat(shape.describe())
          .contains("classic, durable")
          .contains("x-max-length=7")
          .contains("x-max-priority=5");
      assertThat(shape.differences()).isEmpty();
    }
  }
}
