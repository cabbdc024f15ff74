# PTX -> FAMILY.sm_ARCH.cubin, and in FAMILY.sm_ARCH.log what ptxas tells of each kernel.
execute_process(
  COMMAND "${NVCC}" ${FLAGS} --resource-usage -cubin -arch=sm_${ARCH} -o ${FAMILY}.sm_${ARCH}.cubin ${PTX}
  OUTPUT_VARIABLE said ERROR_VARIABLE said RESULT_VARIABLE failed)
if(failed)
  message(FATAL_ERROR "${FAMILY} for sm_${ARCH}:\n${said}")
endif()
file(WRITE ${FAMILY}.sm_${ARCH}.log "${said}")
