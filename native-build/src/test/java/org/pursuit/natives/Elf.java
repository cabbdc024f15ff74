package org.pursuit.natives;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Reads 64-bit ELF files: shared libraries of Linux, and cubins, the machine code of one device
 * architecture. Names of fields are those of elf.h.
 */
final class Elf {
  /** DT_NEEDED: a library that must be loaded too. */
  static final int NEEDED = 1;

  /** DT_SONAME: the name by which others need this library. */
  static final int SONAME = 14;

  /** DT_RPATH: folders to search. */
  static final int RPATH = 15;

  /** DT_RUNPATH: folders to search. */
  static final int RUNPATH = 29;

  private static final int SYMTAB = 2;
  private static final int DYNAMIC = 6;
  private static final int NOBITS = 8;
  private static final int DYNSYM = 11;
  private static final int GNU_VERDEF = 0x6ffffffd;
  private static final int GNU_VERNEED = 0x6ffffffe;
  private static final int GNU_VERSYM = 0x6fffffff;

  /**
   * A part of the file.
   *
   * @param link the index of the section with this one's strings
   */
  record Section(String name, int type, ByteBuffer bytes, int link) {}

  /**
   * A name that the file exports or imports.
   *
   * @param version the symbol version, empty without one
   * @param defined whether it is exported
   */
  record Symbol(String name, String version, boolean defined) {}

  private final ByteBuffer file;
  private final List<Section> sections = new ArrayList<>();

  Elf(byte[] bytes) {
    file = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    if (file.getInt(0) != 0x464c457f || file.get(4) != 2) {
      throw new IllegalArgumentException("not a 64-bit ELF file");
    }
    int table = Math.toIntExact(file.getLong(40));
    int entry = file.getShort(58);
    int count = file.getShort(60);
    ByteBuffer names = contents(table + file.getShort(62) * entry);
    for (int i = 0; i < count; i++) {
      int at = table + i * entry;
      sections.add(
          new Section(
              string(names, file.getInt(at)),
              file.getInt(at + 4),
              contents(at),
              file.getInt(at + 40)));
    }
  }

  private ByteBuffer contents(int header) {
    boolean empty = file.getInt(header + 4) == NOBITS;
    int from = empty ? 0 : Math.toIntExact(file.getLong(header + 24));
    int size = empty ? 0 : Math.toIntExact(file.getLong(header + 32));
    return file.slice(from, size).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** The section called {@code name}, if there is one. */
  Optional<Section> section(String name) {
    return sections.stream().filter(section -> section.name().equals(name)).findFirst();
  }

  /** The strings of one kind in the dynamic section, such as {@link #NEEDED}. */
  List<String> dynamic(int tag) {
    List<String> found = new ArrayList<>();
    for (Section section : sections) {
      ByteBuffer bytes = section.bytes();
      for (int at = 0; section.type() == DYNAMIC && at < bytes.limit(); at += 16) {
        if (bytes.getLong(at) == tag) {
          found.add(string(strings(section), Math.toIntExact(bytes.getLong(at + 8))));
        }
      }
    }
    return found;
  }

  /** What a shared library exports and imports. */
  List<Symbol> dynamicSymbols() {
    return symbols(DYNSYM);
  }

  /** All symbols, where the file is not stripped. */
  List<Symbol> symbols() {
    return symbols(SYMTAB);
  }

  private List<Symbol> symbols(int type) {
    Map<Integer, String> versions = versions();
    ByteBuffer versionOf =
        sections.stream()
            .filter(section -> type == DYNSYM && section.type() == GNU_VERSYM)
            .map(Section::bytes)
            .findFirst()
            .orElse(null);
    List<Symbol> symbols = new ArrayList<>();
    for (Section section : sections) {
      ByteBuffer bytes = section.bytes();
      for (int at = 24; section.type() == type && at < bytes.limit(); at += 24) {
        int version = versionOf == null ? 0 : versionOf.getShort(at / 24 * 2) & 0x7fff;
        symbols.add(
            new Symbol(
                string(strings(section), bytes.getInt(at)),
                versions.getOrDefault(version, ""),
                bytes.getShort(at + 6) != 0));
      }
    }
    return symbols;
  }

  /** Symbol versions by their index: those defined here, and those wanted of other libraries. */
  private Map<Integer, String> versions() {
    Map<Integer, String> versions = new LinkedHashMap<>();
    for (Section section : sections) {
      if (section.type() == GNU_VERDEF) {
        addDefinitions(section, versions);
      } else if (section.type() == GNU_VERNEED) {
        addNeeds(section, versions);
      }
    }
    return versions;
  }

  private void addDefinitions(Section section, Map<Integer, String> versions) {
    ByteBuffer bytes = section.bytes();
    int next = 1;
    for (int at = 0; next != 0; at += next) {
      boolean file = (bytes.getShort(at + 2) & 1) != 0;
      int name = bytes.getInt(at + bytes.getInt(at + 12));
      if (!file) {
        versions.put((int) bytes.getShort(at + 4), string(strings(section), name));
      }
      next = bytes.getInt(at + 16);
    }
  }

  private void addNeeds(Section section, Map<Integer, String> versions) {
    ByteBuffer bytes = section.bytes();
    int next = 1;
    for (int at = 0; next != 0; at += next) {
      int nextVersion = 1;
      for (int v = at + bytes.getInt(at + 8); nextVersion != 0; v += nextVersion) {
        versions.put((int) bytes.getShort(v + 6), string(strings(section), bytes.getInt(v + 8)));
        nextVersion = bytes.getInt(v + 12);
      }
      next = bytes.getInt(at + 12);
    }
  }

  private ByteBuffer strings(Section section) {
    return sections.get(section.link()).bytes();
  }

  private static String string(ByteBuffer strings, int from) {
    int to = from;
    while (strings.get(to) != 0) {
      to++;
    }
    byte[] bytes = new byte[to - from];
    strings.get(from, bytes);
    return new String(bytes, ISO_8859_1);
  }
}
