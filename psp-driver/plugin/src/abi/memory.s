# The memory functions that compiled code calls by name. Rust's own take at least twice as many
# instructions per byte, and four times the space.
#
# $a0 is the target, $a1 the source or the byte, $a2 the length; $v0 the result.

    .section .text.memory, "ax", @progbits
    .p2align 4
    .set noreorder
    .set noat

# Moving to a lower address can go forwards, too: 32 bytes are loaded before any of them is stored.
    .globl  memmove
memmove:
    subu    $t0, $a0, $a1
    sltu    $t0, $t0, $a2
    bnez    $t0, .Lbackwards
    nop

    .globl  memcpy
memcpy:
    sltiu   $t0, $a2, 20
    bnez    $t0, .Lcopy_bytes
    move    $v0, $a0
    # Up to the next word boundary of the target.
    subu    $t1, $zero, $a0
    andi    $t1, $t1, 3
    beqz    $t1, .Lcopy_words
    subu    $a2, $a2, $t1
1:  lbu     $t0, 0($a1)
    addiu   $t1, $t1, -1
    addiu   $a1, $a1, 1
    sb      $t0, 0($a0)
    bnez    $t1, 1b
    addiu   $a0, $a0, 1
.Lcopy_words:
    andi    $t1, $a1, 3
    bnez    $t1, .Lcopy_unaligned
    srl     $t9, $a2, 5
    beqz    $t9, .Lcopy_rest
    andi    $a2, $a2, 31
2:
    lw      $t0, 0($a1)
    lw      $t1, 4($a1)
    lw      $t2, 8($a1)
    lw      $t3, 12($a1)
    lw      $t4, 16($a1)
    lw      $t5, 20($a1)
    lw      $t6, 24($a1)
    lw      $t7, 28($a1)
    addiu   $t9, $t9, -1
    addiu   $a1, $a1, 32
    sw      $t0, 0($a0)
    sw      $t1, 4($a0)
    sw      $t2, 8($a0)
    sw      $t3, 12($a0)
    sw      $t4, 16($a0)
    sw      $t5, 20($a0)
    sw      $t6, 24($a0)
    sw      $t7, 28($a0)
    bnez    $t9, 2b
    addiu   $a0, $a0, 32
    b       .Lcopy_rest
    nop
.Lcopy_unaligned:
    srl     $t9, $a2, 6
    beqz    $t9, .Lcopy_rest
    andi    $a2, $a2, 63
3:
    lwr     $t0, 0($a1)
    lwl     $t0, 3($a1)
    lwr     $t1, 4($a1)
    lwl     $t1, 7($a1)
    lwr     $t2, 8($a1)
    lwl     $t2, 11($a1)
    lwr     $t3, 12($a1)
    lwl     $t3, 15($a1)
    lwr     $t4, 16($a1)
    lwl     $t4, 19($a1)
    lwr     $t5, 20($a1)
    lwl     $t5, 23($a1)
    lwr     $t6, 24($a1)
    lwl     $t6, 27($a1)
    lwr     $t7, 28($a1)
    lwl     $t7, 31($a1)
    sw      $t0, 0($a0)
    sw      $t1, 4($a0)
    sw      $t2, 8($a0)
    sw      $t3, 12($a0)
    sw      $t4, 16($a0)
    sw      $t5, 20($a0)
    sw      $t6, 24($a0)
    sw      $t7, 28($a0)
    lwr     $t0, 32($a1)
    lwl     $t0, 35($a1)
    lwr     $t1, 36($a1)
    lwl     $t1, 39($a1)
    lwr     $t2, 40($a1)
    lwl     $t2, 43($a1)
    lwr     $t3, 44($a1)
    lwl     $t3, 47($a1)
    lwr     $t4, 48($a1)
    lwl     $t4, 51($a1)
    lwr     $t5, 52($a1)
    lwl     $t5, 55($a1)
    lwr     $t6, 56($a1)
    lwl     $t6, 59($a1)
    lwr     $t7, 60($a1)
    lwl     $t7, 63($a1)
    addiu   $t9, $t9, -1
    addiu   $a1, $a1, 64
    sw      $t0, 32($a0)
    sw      $t1, 36($a0)
    sw      $t2, 40($a0)
    sw      $t3, 44($a0)
    sw      $t4, 48($a0)
    sw      $t5, 52($a0)
    sw      $t6, 56($a0)
    sw      $t7, 60($a0)
    bnez    $t9, 3b
    addiu   $a0, $a0, 64
# Whole words, from any address.
.Lcopy_rest:
    srl     $t9, $a2, 2
    beqz    $t9, .Lcopy_bytes
    andi    $a2, $a2, 3
12: lwr     $t0, 0($a1)
    lwl     $t0, 3($a1)
    addiu   $t9, $t9, -1
    addiu   $a1, $a1, 4
    sw      $t0, 0($a0)
    bnez    $t9, 12b
    addiu   $a0, $a0, 4
.Lcopy_bytes:
    beqz    $a2, 5f
    addu    $a2, $a0, $a2
4:  lbu     $t0, 0($a1)
    addiu   $a0, $a0, 1
    addiu   $a1, $a1, 1
    bne     $a0, $a2, 4b
    sb      $t0, -1($a0)
5:  jr      $ra
    nop

# Only the driver's rare moves to a higher address come here.
.Lbackwards:
    move    $v0, $a0
    addu    $a1, $a1, $a2
    addu    $a2, $a0, $a2
6:  lbu     $t0, -1($a1)
    addiu   $a2, $a2, -1
    addiu   $a1, $a1, -1
    bne     $a2, $a0, 6b
    sb      $t0, 0($a2)
    jr      $ra
    nop

    .globl  memset
memset:
    move    $v0, $a0
    sltiu   $t0, $a2, 12
    bnez    $t0, .Lset_bytes
    andi    $a1, $a1, 0xFF
    sll     $t0, $a1, 8
    or      $a1, $a1, $t0
    sll     $t0, $a1, 16
    or      $a1, $a1, $t0
    # The first word, then whole words from the next boundary on, then the rest.
    swr     $a1, 0($a0)
    swl     $a1, 3($a0)
    subu    $t1, $zero, $a0
    andi    $t1, $t1, 3
    subu    $a2, $a2, $t1
    addu    $a0, $a0, $t1
    srl     $t1, $a2, 2
    andi    $a2, $a2, 3
7:  addiu   $t1, $t1, -1
    sw      $a1, 0($a0)
    bnez    $t1, 7b
    addiu   $a0, $a0, 4
.Lset_bytes:
    beqz    $a2, 9f
    addu    $a2, $a0, $a2
8:  addiu   $a0, $a0, 1
    bne     $a0, $a2, 8b
    sb      $a1, -1($a0)
9:  jr      $ra
    nop

    .globl  memcmp
    .globl  bcmp
memcmp:
bcmp:
    # Words first, from any address, as long as they are the same.
12: sltiu   $t0, $a2, 4
    bnez    $t0, 13f
    lwr     $t0, 0($a0)
    lwr     $t1, 0($a1)
    lwl     $t0, 3($a0)
    lwl     $t1, 3($a1)
    addiu   $a0, $a0, 4
    addiu   $a1, $a1, 4
    beq     $t0, $t1, 12b
    addiu   $a2, $a2, -4
    # Back to the word that differs.
    addiu   $a0, $a0, -4
    addiu   $a1, $a1, -4
    addiu   $a2, $a2, 4
13: addu    $a2, $a0, $a2
10: beq     $a0, $a2, 11f
    move    $v0, $zero
    lbu     $t0, 0($a0)
    lbu     $t1, 0($a1)
    addiu   $a0, $a0, 1
    addiu   $a1, $a1, 1
    beq     $t0, $t1, 10b
    subu    $v0, $t0, $t1
11: jr      $ra
    nop

# Whether two texts of $a2 bytes (at least 8) differ. The second is aligned to a word. This runs on every
# request, so it goes in steps of 8 bytes; the last step ends with the text.
    .globl  cisor_differ
cisor_differ:
    addu    $a2, $a1, $a2
    addiu   $a2, $a2, -8
    move    $v0, $zero
14: lwr     $t0, 0($a0)
    lwl     $t0, 3($a0)
    lw      $t1, 0($a1)
    lwr     $t2, 4($a0)
    lwl     $t2, 7($a0)
    lw      $t3, 4($a1)
    xor     $t0, $t0, $t1
    or      $v0, $v0, $t0
    xor     $t2, $t2, $t3
    addiu   $a1, $a1, 8
    or      $v0, $v0, $t2
    sltu    $t4, $a1, $a2
    bnez    $t4, 14b
    addiu   $a0, $a0, 8
    # Both back to 8 bytes before the end.
    subu    $t4, $a2, $a1
    addu    $a0, $a0, $t4
    lwr     $t0, 0($a0)
    lwl     $t0, 3($a0)
    lwr     $t1, 0($a2)
    lwl     $t1, 3($a2)
    lwr     $t2, 4($a0)
    lwl     $t2, 7($a0)
    lwr     $t3, 4($a2)
    lwl     $t3, 7($a2)
    xor     $t0, $t0, $t1
    or      $v0, $v0, $t0
    xor     $t2, $t2, $t3
    jr      $ra
    or      $v0, $v0, $t2

    .set at
    .set reorder
