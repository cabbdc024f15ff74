package org.pursuit.io;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;

/** A .npz file: a ZIP archive, stored or deflated, whose members {@code NAME.npy} are arrays. */
final class NpzFile implements TensorFile {
  private static final String EXTENSION = ".npy";

  private final Path path;
  private final ZipFile zip;
  private final Map<String, ZipEntry> members;

  private NpzFile(Path path, ZipFile zip, Map<String, ZipEntry> members) {
    this.path = path;
    this.zip = zip;
    this.members = members;
  }

  static NpzFile open(Path path) throws IOException {
    ZipFile zip = openZip(path);
    try {
      Map<String, ZipEntry> members = new LinkedHashMap<>();
      for (ZipEntry entry : (Iterable<ZipEntry>) zip.stream().map(e -> (ZipEntry) e)::iterator) {
        String name = entry.getName();
        if (name.endsWith(EXTENSION)) {
          String tensor = name.substring(0, name.length() - EXTENSION.length());
          if (members.put(tensor, entry) != null) {
            throw new FileFormatException(path, "member " + name, "two", "one");
          }
        }
      }
      return new NpzFile(path, zip, members);
    } catch (Throwable t) {
      zip.close();
      throw t;
    }
  }

  private static ZipFile openZip(Path path) throws IOException {
    try {
      return new ZipFile(path.toFile());
    } catch (ZipException | EOFException e) {
      throw damaged(path, "archive", e);
    }
  }

  @Override
  public Path path() {
    return path;
  }

  @Override
  public List<String> names() {
    return List.copyOf(members.keySet());
  }

  @Override
  public TensorInfo info(String name) throws IOException {
    ZipEntry entry = members.get(name);
    try (Member member = new Member(entry)) {
      return NpyHeader.read(path, name, member, entry.getSize());
    }
  }

  @Override
  public ReadableByteChannel data(TensorInfo info) throws IOException {
    Member member = new Member(members.get(info.name()));
    Channels.fill(member, ByteBuffer.allocate(Math.toIntExact(info.offset())));
    return member;
  }

  @Override
  public void close() throws IOException {
    zip.close();
  }

  private static FileFormatException damaged(Path path, String field, IOException cause) {
    String reason = cause.getMessage() == null ? "its end is missing" : cause.getMessage();
    return new FileFormatException(
        path, field, "damage (" + reason + ")", "a ZIP archive of arrays", cause);
  }

  /** The inflated bytes of a member; its checksum is compared when the last one is read. */
  private final class Member implements ReadableByteChannel {
    private final ZipEntry entry;
    private final InputStream in;
    private final CRC32 checksum = new CRC32();
    private final byte[] chunk = new byte[1 << 14];
    private long remaining;
    private boolean open = true;

    Member(ZipEntry entry) throws IOException {
      this.entry = entry;
      this.remaining = entry.getSize();
      try {
        this.in = zip.getInputStream(entry);
      } catch (ZipException | EOFException e) {
        throw damaged(path, "member " + entry.getName(), e);
      }
    }

    @Override
    public int read(ByteBuffer destination) throws IOException {
      if (remaining == 0) {
        return -1;
      }
      int wanted = (int) Math.min(Math.min(destination.remaining(), chunk.length), remaining);
      try {
        int count = in.readNBytes(chunk, 0, wanted);
        if (count < wanted) {
          throw new EOFException("its data end too early");
        }
        checksum.update(chunk, 0, count);
        destination.put(chunk, 0, count);
        remaining -= count;
        if (remaining == 0) {
          checkEnd();
        }
        return count;
      } catch (ZipException | EOFException e) {
        throw damaged(path, "member " + entry.getName(), e);
      }
    }

    private void checkEnd() throws IOException {
      if (in.read() >= 0) {
        throw new ZipException("its data exceed " + entry.getSize() + " bytes");
      }
      if (checksum.getValue() != entry.getCrc()) {
        throw new ZipException("its checksum differs");
      }
    }

    @Override
    public boolean isOpen() {
      return open;
    }

    @Override
    public void close() throws IOException {
      open = false;
      in.close();
    }
  }
}
