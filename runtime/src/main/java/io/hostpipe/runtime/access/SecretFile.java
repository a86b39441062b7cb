package io.hostpipe.runtime.access;

import io.hostpipe.PipeException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/** Reads files that hold secrets, and that nobody but their owner can read. */
final class SecretFile {
  /** Anything longer is another file. */
  static final int BYTES_MAX = 4 << 20;

  private static final Set<PosixFilePermission> OWNERS =
      PosixFilePermissions.fromString("rwx------");

  private SecretFile() {}

  /** Tells one content of the file from the next. */
  record Mark(long modifiedNanos, long lengthBytes, Object key, Set<PosixFilePermission> rights) {
    static Mark of(Path file) throws IOException {
      BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
      Object key = attributes.fileKey();
      return new Mark(
          attributes.lastModifiedTime().to(java.util.concurrent.TimeUnit.NANOSECONDS),
          attributes.size(),
          key == null ? "" : key,
          Files.getPosixFilePermissions(file));
    }
  }

  /**
   * The text of the file.
   *
   * @throws PipeException.Config saying what is wrong with it, and never what it holds
   */
  static String read(Path file) throws PipeException {
    try (InputStream in = Files.newInputStream(file)) {
      Set<PosixFilePermission> rights = Files.getPosixFilePermissions(file);
      if (!OWNERS.containsAll(rights)) {
        throw new PipeException.Config(
            file
                + " holds secrets and others can reach it ("
                + PosixFilePermissions.toString(rights)
                + "); run: chmod 600 "
                + file);
      }
      byte[] bytes = in.readNBytes(BYTES_MAX + 1);
      if (bytes.length > BYTES_MAX) {
        throw new PipeException.Config(file + " is larger than any file of tokens");
      }
      return StandardCharsets.UTF_8
          .newDecoder()
          .onMalformedInput(CodingErrorAction.REPORT)
          .decode(ByteBuffer.wrap(bytes))
          .toString();
    } catch (NoSuchFileException e) {
      throw new PipeException.Config(
          "there is no file " + file + "; 'hostpipe key token NAME' makes a token");
    } catch (CharacterCodingException e) {
      throw new PipeException.Config(file + " is no text");
    } catch (UnsupportedOperationException e) {
      throw new PipeException.Config(
          file + " lies where files have no modes, so nobody can tell who reads it");
    } catch (PipeException e) {
      throw e;
    } catch (IOException e) {
      throw new PipeException.Config(file + " cannot be read: " + e.getMessage());
    }
  }
}
