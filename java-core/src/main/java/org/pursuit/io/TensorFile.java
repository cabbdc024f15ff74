package org.pursuit.io;

import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/** An open file that holds tensors by name; a .npy file holds one, whose name is empty. */
sealed interface TensorFile extends Closeable permits NpyFile, NpzFile, SafetensorsFile {
  /** The extensions of file names by which formats are known. */
  List<String> EXTENSIONS = List.of(".npy", ".npz", ".safetensors");

  Path path();

  /** The names of the tensors in the order of the file. */
  List<String> names();

  /** What the file says about one of {@link #names}. */
  TensorInfo info(String name) throws IOException;

  /** The bytes of a tensor; they end no later than {@link #close}. */
  ReadableByteChannel data(TensorInfo info) throws IOException;

  /** Opens a file, whose format is known by its extension. */
  static TensorFile open(Path path) throws IOException {
    if (!Files.exists(path)) {
      throw new NoSuchFileException(path.toString(), null, "the file does not exist");
    }
    if (!Files.isRegularFile(path)) {
      throw new FileFormatException(path, "file", "no regular file", "one");
    }
    return switch (extension(path.toString())) {
      case ".npy" -> NpyFile.open(path);
      case ".npz" -> NpzFile.open(path);
      case ".safetensors" -> SafetensorsFile.open(path);
      default ->
          throw new FileFormatException(
              path, "file name", path.getFileName().toString(), "one in " + EXTENSIONS);
    };
  }

  /** Whether a file of this name can be opened. */
  static boolean hasKnownExtension(String path) {
    return EXTENSIONS.contains(extension(path));
  }

  private static String extension(String path) {
    return path.substring(Math.max(path.lastIndexOf('.'), 0)).toLowerCase(Locale.ROOT);
  }

  /** The tensor of this name, or the only one that can be meant where the name is empty. */
  default TensorInfo find(Optional<String> tensor, int dimensions) throws IOException {
    return tensor.isPresent() ? find(tensor.get()) : findOnly(dimensions);
  }

  /** The tensor of this name. */
  default TensorInfo find(String tensor) throws IOException {
    if (!names().contains(tensor)) {
      throw new FileFormatException(path(), "tensor " + tensor, "none", "one of " + list());
    }
    return info(tensor);
  }

  default TensorReader reader(TensorInfo info) throws IOException {
    return new TensorReader(info, data(info));
  }

  /** The names for a message. */
  default String list() {
    return names().isEmpty() ? "no tensors at all" : join(names());
  }

  /** The first of these for a message, and how many more there are. */
  private static String join(List<?> items) {
    int shown = Math.min(items.size(), 20);
    String list =
        items.stream().limit(shown).map(Object::toString).collect(Collectors.joining(", "));
    return shown == items.size() ? list : list + " and " + (items.size() - shown) + " more";
  }

  private TensorInfo findOnly(int dimensions) throws IOException {
    if (names().size() == 1) {
      return info(names().getFirst());
    }
    List<TensorInfo> all = new ArrayList<>();
    for (String name : names()) {
      all.add(info(name));
    }
    List<TensorInfo> suitable =
        all.stream()
            .filter(t -> t.shape().size() == dimensions && t.type().dtype().isPresent())
            .toList();
    if (suitable.size() != 1) {
      throw new FileFormatException(
          path(),
          "tensor name",
          "none, and " + suitable.size() + " tensors of " + dimensions + " dimensions",
          all.isEmpty() ? "at least one" : "the name of one of these: " + join(all));
    }
    return suitable.getFirst();
  }
}
