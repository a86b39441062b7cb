package io.hostpipe.cli;

import io.hostpipe.Batch;
import io.hostpipe.DeadLetter;
import io.hostpipe.Encoding;
import io.hostpipe.Headers;
import io.hostpipe.Hostpipe;
import io.hostpipe.StreamId;
import io.hostpipe.spi.Block;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** The dead letters in a file, as whoever reads its records sees them. */
final class Letters {
  private Letters() {}

  /** One message that was put aside. */
  record Letter(String text, Headers headers, DeadLetter about) {}

  static List<Letter> in(Path file) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    Block block = Hostpipe.pool().take(Math.max(1, bytes.length));
    ByteBuffer content = block.buffer().put(bytes).flip();
    List<Letter> letters = new ArrayList<>();
    StreamId stream = new StreamId("letters");
    try (Batch batch = new Batch(stream, Encoding.RECORDS, 0, content, block, null)) {
      batch.forEach((end, payload, headers) ->
          letters.add(
              new Letter(
                  StandardCharsets.UTF_8.decode(payload.duplicate()).toString(),
                  headers,
                  Objects.requireNonNull(DeadLetter.of(headers)))));
    }
    return letters;
  }

  static List<String> texts(Path file) throws IOException {
    return in(file).stream().map(Letter::text).toList();
  }
}
