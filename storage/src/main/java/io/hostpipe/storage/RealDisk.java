package io.hostpipe.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.Stream;

/** The operating system's files. */
public final class RealDisk implements Disk {
  /** There is one. */
  public static final RealDisk INSTANCE = new RealDisk();

  private RealDisk() {}

  /**
   * The file behind a channel that is open already.
   *
   * @param file its name
   * @param channel closed by whoever closes one of both
   */
  public static DiskFile fileOf(Path file, FileChannel channel) {
    return new RealFile(file, channel);
  }

  @Override
  public DiskFile open(Path file) throws IOException {
    return new RealFile(
        file,
        FileChannel.open(
            file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE));
  }

  @Override
  public DiskFile openToRead(Path file) throws IOException {
    return new RealFile(file, FileChannel.open(file, StandardOpenOption.READ));
  }

  @Override
  public boolean exists(Path path) {
    return Files.exists(path, LinkOption.NOFOLLOW_LINKS);
  }

  @Override
  public List<Path> list(Path folder) throws IOException {
    try (Stream<Path> names = Files.list(folder)) {
      return names.sorted().toList();
    }
  }

  @Override
  public void createFolders(Path folder) throws IOException {
    Files.createDirectories(folder);
  }

  @Override
  public void move(Path from, Path to) throws IOException {
    Files.move(from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  @Override
  public void delete(Path path) throws IOException {
    Files.delete(path);
  }

  @Override
  public void syncFolder(Path folder) throws IOException {
    try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  @Override
  public long usableBytes(Path folder) throws IOException {
    return Files.getFileStore(folder).getUsableSpace();
  }

  /** A file behind a channel. */
  private static final class RealFile implements DiskFile {
    private final Path path;
    private final FileChannel channel;

    RealFile(Path path, FileChannel channel) {
      this.path = path;
      this.channel = channel;
    }

    @Override
    public Path path() {
      return path;
    }

    @Override
    public int read(ByteBuffer into, long offset) throws IOException {
      int begin = into.position();
      while (into.hasRemaining() && channel.read(into, offset + into.position() - begin) >= 0) {
        // Until it is full, or the file ends.
      }
      return into.position() - begin;
    }

    @Override
    public void write(ByteBuffer[] buffers, int bufferCount, long offset) throws IOException {
      channel.position(offset);
      int first = 0;
      while (true) {
        while (first < bufferCount && !buffers[first].hasRemaining()) {
          first++;
        }
        if (first == bufferCount) {
          return;
        }
        var _ = channel.write(buffers, first, bufferCount - first);
      }
    }

    @Override
    public long lengthBytes() throws IOException {
      return channel.size();
    }

    @Override
    public void truncate(long lengthBytes) throws IOException {
      channel.truncate(lengthBytes);
    }

    @Override
    public void sync() throws IOException {
      channel.force(false);
    }

    @Override
    public void close() {
      try {
        channel.close();
      } catch (IOException e) {
        // What had to be on the device was synced before; closing has nothing to add.
      }
    }
  }
}
