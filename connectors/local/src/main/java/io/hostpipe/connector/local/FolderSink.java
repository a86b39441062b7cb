package io.hostpipe.connector.local;

import io.hostpipe.PipeException;
import io.hostpipe.Sink;
import io.hostpipe.StreamId;
import io.hostpipe.spi.ForwardingSink;
import java.nio.file.Path;

/** The file of one stream in a {@link FolderTarget}, which gets its name when it is whole. */
final class FolderSink extends ForwardingSink {
  private final FolderTarget folder;
  private final StreamId stream;
  private final FileTarget file;
  private final Path whole;
  private boolean published;

  /** A sink that owns the file's target and sink. */
  FolderSink(FolderTarget folder, StreamId stream, FileTarget file, Sink sink, Path whole) {
    super(sink);
    this.folder = folder;
    this.stream = stream;
    this.file = file;
    this.whole = whole;
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
