package io.hostpipe.connector.local;

import io.hostpipe.Batch;
import io.hostpipe.BatchWriter;
import io.hostpipe.Committed;
import io.hostpipe.PipeException;
import io.hostpipe.Resume;
import io.hostpipe.Sink;
import io.hostpipe.StreamId;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletionStage;

/** The file of one stream in a {@link FolderTarget}, which gets its name when it is whole. */
final class FolderSink implements Sink {
  private final FolderTarget folder;
  private final StreamId stream;
  private final FileTarget file;
  private final Sink sink;
  private final Path whole;
  private boolean published;

  /** A sink that owns the file's target and sink. */
  FolderSink(FolderTarget folder, StreamId stream, FileTarget file, Sink sink, Path whole) {
    this.folder = folder;
    this.stream = stream;
    this.file = file;
    this.sink = sink;
    this.whole = whole;
  }

  @Override
  public Resume resume() throws PipeException, InterruptedException {
    return sink.resume();
  }

  @Override
  public BatchWriter newBatch(int leastBytes) throws PipeException, InterruptedException {
    return sink.newBatch(leastBytes);
  }

  @Override
  public long write(BatchWriter batch) throws PipeException, InterruptedException {
    return sink.write(batch);
  }

  @Override
  public long write(Batch batch) throws PipeException, InterruptedException {
    return sink.write(batch);
  }

  @Override
  public boolean commitsAtEnd() {
    return sink.commitsAtEnd();
  }

  @Override
  public Committed committed() throws PipeException {
    return sink.committed();
  }

  @Override
  public Committed awaitCommitted(long position) throws PipeException, InterruptedException {
    return sink.awaitCommitted(position);
  }

  @Override
  public Committed awaitCommitted(long position, Duration timeout)
      throws PipeException, InterruptedException {
    return sink.awaitCommitted(position, timeout);
  }

  @Override
  public CompletionStage<Committed> whenCommitted(long position) {
    return sink.whenCommitted(position);
  }

  @Override
  public void finish() throws PipeException, InterruptedException {
    sink.finish();
    if (!published) {
      folder.publish(whole);
      published = true;
    }
  }

  @Override
  public void close() {
    sink.close();
    file.close();
    folder.released(stream, this);
  }
}
