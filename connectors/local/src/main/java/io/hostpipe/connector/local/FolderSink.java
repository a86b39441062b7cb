package io.hostpipe.connector.local;

import io.hostpipe.PipeException;
import io.hostpipe.Resume;
import io.hostpipe.Sink;
import io.hostpipe.StreamId;
import io.hostpipe.Target;
import io.hostpipe.spi.ForwardingSink;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** The file of one stream in a {@link FolderTarget}, which gets its name when it is whole. */
final class FolderSink extends ForwardingSink {
  private final FolderTarget folder;
  private final StreamId stream;
  private final Target file;
  private final Path whole;
  private boolean published;

  /**
   * A sink that owns the file's target and sink.
   *
   * @param isWhole whether the file has its name already
   */
  FolderSink(
      FolderTarget folder, StreamId stream, Target file, Sink sink, Path whole, boolean isWhole) {
    super(sink);
    this.folder = folder;
    this.stream = stream;
    this.file = file;
    this.whole = whole;
    this.published = isWhole;
  }

  /** What is lasting of the stream. */
  @Nullable Resume held() throws PipeException {
    return file.held(stream);
  }

  @Override
  public void finish() throws PipeException, InterruptedException {
    inner.finish();
    if (!published) {
      folder.publish(whole);
      published = true;
    }
  }

  @Override
  public void abort(String reason) {
    inner.abort(reason);
    close();
  }

  @Override
  public void close() {
    inner.close();
    file.close();
    folder.released(stream, this);
  }
}
