# out/images: one <family>.fatbin a .cu file, with machine code for PURSUIT_SASS and PTX for later devices, and manifest.json,
# which tells what each kernel needs of each architecture. The build fails when a kernel needs more than resources/ promises.
#
#   <family>.cu --nvcc--> <family>.compute_90.ptx --ptxas--> <family>.sm_100.cubin, .log --fatbinary--> <family>.fatbin
#   the emulator's manifest, the logs, resources/<family>.txt --Manifest.cmake--> manifest.json
#
# Target "resources" writes resources/ anew, from what the kernels need now.
set(PURSUIT_SASS 80 86 89 90 100 120)
set(PURSUIT_PTX 80 100)  # machine code comes from the last that is no later; the first is packed for every family
set(PURSUIT_CLUSTER_PTX 90)  # made and packed besides for families with clusters, which exist from there on
set(nvcc_flags -std=c++17 -fmad=false -Werror all-warnings)

option(PURSUIT_IMAGES "Build the CUDA kernels' images, where nvcc is" ON)
set(images "${PURSUIT_OUT}/images")
file(GLOB kernel_sources CONFIGURE_DEPENDS "${PURSUIT_KERNELS}/*.cu")
if(PURSUIT_IMAGES)
  include("${CMAKE_CURRENT_LIST_DIR}/Nvcc.cmake")
else()
  set(NVCC "")
  set(NVCC_LACK "PURSUIT_IMAGES is off")
endif()
if(kernel_sources AND NOT NVCC)
  message(STATUS "Pursuit: left out: CUDA kernel images, which need nvcc of CUDA 12.8 or newer. ${NVCC_LACK}")
elseif(kernel_sources AND NOT TARGET packer_plain)
  message(STATUS "Pursuit: left out: CUDA kernel images. Their manifest needs the emulator's build")
endif()
if(NOT kernel_sources OR NOT NVCC OR NOT TARGET packer_plain)
  file(REMOVE_RECURSE "${images}")  # of an earlier build
  return()
endif()
message(STATUS "CUDA ${NVCC_RELEASE}: ${NVCC}")

set(work "${CMAKE_CURRENT_BINARY_DIR}/images")
file(MAKE_DIRECTORY "${work}" "${images}")

# Tools run in ${work} and get names without a folder: what they write depends on no path.
function(pursuit_image family source)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${source}")
  file(STRINGS "${source}" clusters REGEX "^ *CLUSTER_KERNEL\\(")
  set(virtuals ${PURSUIT_PTX})
  if(clusters)
    list(APPEND virtuals ${PURSUIT_CLUSTER_PTX})
    list(SORT virtuals COMPARE NATURAL)
  endif()
  list(GET virtuals 0 first)
  set(ptx "")
  set(packed "")
  set(parts "")
  foreach(arch IN LISTS virtuals)
    set(virtual ${family}.compute_${arch})
    add_custom_command(OUTPUT "${work}/${virtual}.ptx"
      COMMAND "${NVCC}" ${nvcc_flags} -ptx -arch=compute_${arch} -MD -MF ${virtual}.d -MT "${work}/${virtual}.ptx"
              -o ${virtual}.ptx "${source}"
      DEPENDS "${source}" DEPFILE "${work}/${virtual}.d" WORKING_DIRECTORY "${work}" VERBATIM
      COMMENT "Compiling ${family} for compute_${arch}")
    if(arch EQUAL first OR arch EQUAL PURSUIT_CLUSTER_PTX)
      list(APPEND ptx ${arch})
      list(APPEND packed --image3=kind=ptx,sm=${arch},file=${virtual}.ptx)
      list(APPEND parts "${work}/${virtual}.ptx")
    endif()
  endforeach()
  foreach(arch IN LISTS PURSUIT_SASS)
    set(code ${family}.sm_${arch})
    foreach(candidate IN LISTS virtuals)
      if(NOT candidate GREATER arch)
        set(virtual ${family}.compute_${candidate})
      endif()
    endforeach()
    add_custom_command(OUTPUT "${work}/${code}.cubin" "${work}/${code}.log"
      COMMAND "${CMAKE_COMMAND}" "-DNVCC=${NVCC}" "-DFLAGS=${nvcc_flags}" -DARCH=${arch} -DPTX=${virtual}.ptx
              -DFAMILY=${family} -P "${CMAKE_CURRENT_SOURCE_DIR}/cmake/Assemble.cmake"
      DEPENDS "${work}/${virtual}.ptx" cmake/Assemble.cmake WORKING_DIRECTORY "${work}" VERBATIM
      COMMENT "Assembling ${family} for sm_${arch}")
    list(APPEND packed --image3=kind=elf,sm=${arch},file=${code}.cubin)
    list(APPEND parts "${work}/${code}.cubin" "${work}/${code}.log")
  endforeach()
  add_custom_command(OUTPUT "${images}/${family}.fatbin"
    COMMAND "${NVCC_PACKER}" -64 --compress-mode=size "--create=${images}/${family}.fatbin" ${packed}
    DEPENDS ${parts} WORKING_DIRECTORY "${work}" VERBATIM
    COMMENT "Packing ${family}.fatbin")
  set(parts ${parts} PARENT_SCOPE)
  set(ptx ${ptx} PARENT_SCOPE)
endfunction()

set(described "")  # family:ptx,ptx
set(manifest_needs "")
set(fatbins "")
foreach(source IN LISTS kernel_sources)
  get_filename_component(family "${source}" NAME_WE)
  pursuit_image(${family} "${source}")
  list(JOIN ptx "," ptx)
  list(APPEND described "${family}:${ptx}")
  list(APPEND manifest_needs ${parts})
  list(APPEND fatbins "${images}/${family}.fatbin")
endforeach()
file(GLOB stale "${images}/*.fatbin")
list(REMOVE_ITEM stale ${fatbins})
if(stale)
  file(REMOVE ${stale})
endif()

# What the kernels' declarations say stands in the emulator's manifest, which its packer writes when it is linked.
set(listing "${PURSUIT_OUT}/emulator/images/manifest.json")
add_custom_command(OUTPUT "${work}/listing.json"
  COMMAND "${CMAKE_COMMAND}" -E copy "${listing}" "${work}/listing.json" DEPENDS packer_plain VERBATIM)

list(JOIN described " " described)
list(JOIN PURSUIT_SASS " " sass)
set(manifest "${CMAKE_COMMAND}" "-DFAMILIES=${described}" "-DSASS=${sass}" -DNVCC_RELEASE=${NVCC_RELEASE}
    "-DWORK=${work}" "-DRESOURCES=${CMAKE_CURRENT_SOURCE_DIR}/resources" "-DTREE=${CMAKE_BINARY_DIR}")
file(GLOB tables CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/resources/*.txt")
add_custom_command(OUTPUT "${images}/manifest.json"
  COMMAND ${manifest} "-DMANIFEST=${images}/manifest.json" -P "${CMAKE_CURRENT_SOURCE_DIR}/cmake/Manifest.cmake"
  DEPENDS ${manifest_needs} "${work}/listing.json" ${tables} cmake/Manifest.cmake VERBATIM
  COMMENT "Checking what kernels need, writing the manifest")
add_custom_target(images ALL DEPENDS ${fatbins} "${images}/manifest.json")

add_custom_target(resources
  COMMAND ${manifest} -P "${CMAKE_CURRENT_SOURCE_DIR}/cmake/Manifest.cmake"
  DEPENDS ${manifest_needs} "${work}/listing.json" VERBATIM
  COMMENT "Writing native-build/resources")
