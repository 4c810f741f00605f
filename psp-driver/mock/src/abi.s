# Code that a compiler cannot express: calls as the console's kernel makes them, with a check of every
# register that a callee has to preserve, and functions that take whatever is in the registers.

    .section .text.abi, "ax", @progbits
    .p2align 4
    .set noreorder
    .set noat

# The module's start, called by the emulator, which does not leave free space above it.
    .globl  module_start
module_start:
    addiu   $sp, $sp, -32
    sw      $ra, 28($sp)
    jal     {start}
    nop
    lw      $ra, 28($sp)
    jr      $ra
    addiu   $sp, $sp, 32

# mock_call(call): calls a function with eight words in registers, as the kernel does.
#
# The fields of `call`, see call.rs:
#      0  function
#      4  $k1 for the call
#      8  the eight words
#     40  $v0 and $v1 afterwards
#     48  what was not preserved: bits 0 to 7 $s0 to $s7, 8 $fp, 9 $gp, 10 $k1, 11 the caller's own memory
#         (a wrong stack pointer cannot be reported: nothing after it would work)
#
# The frame: 64 bytes of "caller's memory" that are not used otherwise, where a callee of the other
# convention would keep its arguments; then the registers that this function has to preserve.
    .globl  mock_call
mock_call:
    addiu   $sp, $sp, -128
    sw      $ra, 124($sp)
    sw      $fp, 120($sp)
    sw      $gp, 116($sp)
    sw      $s0, 112($sp)
    sw      $s1, 108($sp)
    sw      $s2, 104($sp)
    sw      $s3, 100($sp)
    sw      $s4, 96($sp)
    sw      $s5, 92($sp)
    sw      $s6, 88($sp)
    sw      $s7, 84($sp)
    sw      $k1, 80($sp)
    sw      $a0, 76($sp)
    move    $t9, $a0
    li      $t0, 0x5EED0000
    addiu   $t1, $sp, 64
    move    $t2, $sp
1:  sw      $t0, 0($t2)
    addiu   $t2, $t2, 4
    bne     $t2, $t1, 1b
    addiu   $t0, $t0, 1

    lw      $k1, 4($t9)
    lw      $a0, 8($t9)
    lw      $a1, 12($t9)
    lw      $a2, 16($t9)
    lw      $a3, 20($t9)
    lw      $t0, 24($t9)
    lw      $t1, 28($t9)
    lw      $t2, 32($t9)
    lw      $t3, 36($t9)
    lw      $t9, 0($t9)
    li      $s0, 0xA5A50000
    li      $s1, 0xA5A50001
    li      $s2, 0xA5A50002
    li      $s3, 0xA5A50003
    li      $s4, 0xA5A50004
    li      $s5, 0xA5A50005
    li      $s6, 0xA5A50006
    li      $s7, 0xA5A50007
    li      $fp, 0xA5A50008
    li      $gp, 0xA5A50009
    li      $t4, 0xBAD00004
    li      $t5, 0xBAD00005
    li      $t6, 0xBAD00006
    li      $t7, 0xBAD00007
    li      $t8, 0xBAD00008
    li      $at, 0xBAD00009
    li      $v0, 0xBAD0000A
    li      $v1, 0xBAD0000B
    jalr    $t9
    nop

    lw      $t9, 76($sp)
    sw      $v0, 40($t9)
    sw      $v1, 44($t9)
    move    $t0, $zero
    .macro kept register, bit
    li      $t1, 0xA5A50000 + \bit
    xor     $t1, $t1, \register
    sltu    $t1, $zero, $t1
    sll     $t1, $t1, \bit
    or      $t0, $t0, $t1
    .endm
    kept    $s0, 0
    kept    $s1, 1
    kept    $s2, 2
    kept    $s3, 3
    kept    $s4, 4
    kept    $s5, 5
    kept    $s6, 6
    kept    $s7, 7
    kept    $fp, 8
    kept    $gp, 9
    lw      $t1, 4($t9)
    xor     $t1, $t1, $k1
    sltu    $t1, $zero, $t1
    sll     $t1, $t1, 10
    or      $t0, $t0, $t1
    li      $t1, 0x5EED0000
    addiu   $t2, $sp, 64
    move    $t3, $sp
2:  lw      $t4, 0($t3)
    beq     $t4, $t1, 3f
    addiu   $t3, $t3, 4
    ori     $t0, $t0, 1 << 11
3:  bne     $t3, $t2, 2b
    addiu   $t1, $t1, 1
    sw      $t0, 48($t9)

    lw      $k1, 80($sp)
    lw      $s7, 84($sp)
    lw      $s6, 88($sp)
    lw      $s5, 92($sp)
    lw      $s4, 96($sp)
    lw      $s3, 100($sp)
    lw      $s2, 104($sp)
    lw      $s1, 108($sp)
    lw      $s0, 112($sp)
    lw      $gp, 116($sp)
    lw      $fp, 120($sp)
    lw      $ra, 124($sp)
    jr      $ra
    addiu   $sp, $sp, 128

# mock_on_stack(function, argument, top): calls the function on the stack that ends at `top`.
    .globl  mock_on_stack
mock_on_stack:
    addiu   $a2, $a2, -8
    sw      $ra, 4($a2)
    sw      $sp, 0($a2)
    move    $t9, $a0
    move    $a0, $a1
    jalr    $t9
    move    $sp, $a2
    lw      $ra, 4($sp)
    jr      $ra
    lw      $sp, 0($sp)

# The functions of the device before the driver takes it over. Each notes its number and the eight words it
# was called with, and returns 0x600D0000 and its number, and in $v1 the sum of both.
    .macro noting name, number
    .globl  \name
\name:
    b       .Lnote
    li      $t9, \number
    .endm

    noting  mock_io_init, 0
    noting  mock_io_exit, 1
    noting  mock_io_open, 2
    noting  mock_io_close, 3
    noting  mock_io_read, 4
    noting  mock_io_lseek, 6
    noting  mock_io_ioctl, 7
    noting  mock_io_devctl, 20

.Lnote:
    lui     $t8, %hi({noted})
    addiu   $t8, $t8, %lo({noted})
    lw      $t7, 0($t8)
    addiu   $t7, $t7, 1
    sw      $t7, 0($t8)
    sw      $t9, 4($t8)
    sw      $a0, 8($t8)
    sw      $a1, 12($t8)
    sw      $a2, 16($t8)
    sw      $a3, 20($t8)
    sw      $t0, 24($t8)
    sw      $t1, 28($t8)
    sw      $t2, 32($t8)
    sw      $t3, 36($t8)
    lui     $v0, 0x600D
    addu    $v0, $v0, $t9
    jr      $ra
    addu    $v1, $v0, $t9

# Calls into the emulator with more than four words: words 5 and 6 arrive on the stack and go to registers.
    .macro outgoing name, target
    .globl  \name
\name:
    lw      $t0, 16($sp)
    lw      $t1, 20($sp)
    j       \target
    nop
    .endm

    outgoing mock_start_module, sceKernelStartModule
    outgoing mock_stop_module, sceKernelStopModule

# Called by name by compiled code, like the functions in the driver's memory.s.
    .globl  strlen
strlen:
    move    $v0, $a0
4:  lbu     $t0, 0($v0)
    bnez    $t0, 4b
    addiu   $v0, $v0, 1
    addiu   $v0, $v0, -1
    jr      $ra
    subu    $v0, $v0, $a0

    .set at
    .set reorder
