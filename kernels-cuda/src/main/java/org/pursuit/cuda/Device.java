package org.pursuit.cuda;

import static jcuda.driver.CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR;
import static jcuda.driver.CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR;
import static jcuda.driver.CUdevice_attribute.CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE;
import static jcuda.driver.CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN;
import static jcuda.driver.CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT;

import java.nio.charset.StandardCharsets;
import jcuda.driver.CUdevice;
import jcuda.driver.JCudaDriver;

/**
 * What a device is, read once.
 *
 * @param handle the driver's handle
 * @param ordinal its number among the devices that the driver shows
 * @param name as the driver gives it
 * @param capability compute capability, major·10 + minor: 90 for an H200
 * @param sharedBytesPerBlock the most shared memory that a block may ask for
 */
record Device(
    CUdevice handle,
    int ordinal,
    String name,
    int capability,
    int multiprocessors,
    int sharedBytesPerBlock,
    long l2Bytes,
    long memoryBytes) {
  /** How the emulated device of the tests names itself. */
  static final String EMULATOR = "SIMT emulator";

  private static final int NAME_BYTES = 256;

  /**
   * Shared memory that the system takes for each block, and a multiprocessor has beyond a block's.
   */
  private static final int RESERVED_SHARED_BYTES = 1024;

  /** Reads device number {@code ordinal}; the driver has been initialised. */
  static Device read(int ordinal) {
    CUdevice handle = new CUdevice();
    Driver.check("cuDeviceGet", JCudaDriver.cuDeviceGet(handle, ordinal));
    byte[] name = new byte[NAME_BYTES];
    Driver.check("cuDeviceGetName", JCudaDriver.cuDeviceGetName(name, NAME_BYTES, handle));
    long[] memory = new long[1];
    Driver.check("cuDeviceTotalMem", JCudaDriver.cuDeviceTotalMem(memory, handle));
    return new Device(
        handle,
        ordinal,
        text(name),
        10 * attribute(handle, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR)
            + attribute(handle, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR),
        attribute(handle, CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT),
        attribute(handle, CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN),
        attribute(handle, CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE),
        memory[0]);
  }

  /** Whether this is test equipment on the CPU, not a GPU. */
  boolean emulated() {
    return name.equals(EMULATOR);
  }

  /** The most shared memory that each of so many blocks may ask for to fit on a multiprocessor. */
  int sharedBytesPerBlock(int blocks) {
    return (sharedBytesPerBlock + RESERVED_SHARED_BYTES) / blocks - RESERVED_SHARED_BYTES;
  }

  /** Whether a block may be part of a cluster. */
  boolean clusters() {
    return capability >= 90;
  }

  /** Its architecture as nvcc names it: "sm_90". */
  String architecture() {
    return "sm_" + capability;
  }

  @Override
  public String toString() {
    return name
        + " ("
        + architecture()
        + ", "
        + multiprocessors
        + " multiprocessors, "
        + (memoryBytes >> 20)
        + " MiB)";
  }

  private static int attribute(CUdevice handle, int attribute) {
    int[] value = new int[1];
    Driver.check(
        "cuDeviceGetAttribute", JCudaDriver.cuDeviceGetAttribute(value, attribute, handle));
    return value[0];
  }

  private static String text(byte[] zeroTerminated) {
    String padded = new String(zeroTerminated, StandardCharsets.UTF_8);
    int end = padded.indexOf('\0');
    return (end < 0 ? padded : padded.substring(0, end)).strip();
  }
}
