"""The programs of programs.py that are written by hand: one for each rule that people rely on."""

TABLE = {
    "gradients add up over paths": """
x = leaf([1, 2, 3])
y = mul($x, $x)
z = add($y, $x)
s = sum($z)
backward($s)
""",
    "gradients accumulate over calls": """
x = leaf([1, 2])
s = sum($x)
backward($s)
t = mul($x, 3)
u = sum($t)
backward($u)
g = grad($x)
backward($s)
""",
    "accumulating writes into the gradient that is there": """
x = leaf([1, 2])
s = sum($x)
backward($s, null, {"retain_graph": true})
g = grad($x)
backward($s)
""",
    "forgetting starts anew": """
x = leaf([1, 2])
s = sum($x)
backward($s, null, {"retain_graph": true})
g = grad($x)
forget($x)
backward($s)
""",
    "a second walk over saved values": """
x = leaf([2])
y = mul($x, $x)
backward($y)
backward($y)
""",
    "a second walk where nothing was saved": """
x = leaf([2])
y = add($x, 1)
backward($y)
backward($y)
""",
    "a second walk over a product with a number": """
x = leaf([2])
y = mul($x, 3)
backward($y)
backward($y)
""",
    "a second walk with retain_graph": """
x = leaf([2])
y = exp($x)
backward($y, null, {"retain_graph": true})
backward($y, null, {"retain_graph": true})
backward($y)
""",
    "a part of a graph that was walked": """
x = leaf([2])
y = mul($x, $x)
z = exp($y)
w = mul($y, 3)
backward($z)
backward($w)
""",
    "backward of what needs no gradient": """
x = const([2])
backward($x)
""",
    "backward of a vector": """
x = leaf([2, 3])
y = mul($x, 2)
backward($y)
""",
    "backward with a gradient": """
x = leaf([2, 3])
y = mul($x, $x)
g = const([1, 10])
backward($y, $g)
""",
    "backward with a gradient of another shape": """
x = leaf([2, 3])
y = mul($x, $x)
g = const([[1], [10]])
backward($y, $g)
""",
    "backward of a leaf": """
x = leaf([2])
backward($x)
backward($x)
""",
    "the gradient given is not changed": """
x = leaf([2, 3])
y = add($x, 0)
g = const([1, 10])
backward($y, $g)
backward($x, $g)
""",
    "two leaves with one gradient": """
a = leaf([1, 2])
b = leaf([3, 4])
y = add($a, $b)
g = const([1, 1])
backward($y, $g)
h = grad($a)
fill_($h, 7)
""",
    "a leaf twice": """
x = leaf([3])
y = mul($x, $x)
z = add($y, $y)
backward($z)
""",
    "broadcasting sums": """
x = leaf([[1], [2]])
y = leaf([1, 2, 3])
z = mul($x, $y)
s = sum($z)
backward($s)
""",
    "constants get none": """
x = leaf([1, 2])
c = const([3, 4])
y = mul($x, $c)
s = sum($y)
backward($s)
""",
    "no_grad records nothing": """
x = leaf([1, 2])
no_grad:
  y = mul($x, 2)
z = mul($y, $x)
s = sum($z)
backward($s)
""",
    "leaves change under no_grad": """
x = leaf([1, 2])
no_grad:
  add_($x, 1)
y = mul($x, $x)
s = sum($y)
backward($s)
""",
    "a leaf changed after it was saved": """
x = leaf([1, 2])
y = mul($x, $x)
s = sum($y)
no_grad:
  add_($x, 1)
backward($s)
""",
    "a leaf changed after it was used where it was not saved": """
x = leaf([1, 2])
y = mul($x, 3)
s = sum($y)
no_grad:
  add_($x, 1)
backward($s)
""",
    "leaves refuse changes in place": """
x = leaf([1, 2])
add_($x, 1)
mul_($x, $x)
zero_($x)
fill_($x, 3)
copy_($x, $x)
y = sum($x)
backward($y)
""",
    "views of leaves refuse changes in place": """
x = leaf([[1, 2], [3, 4]])
v = select($x, 0, 0)
add_($v, 1)
w = t($x)
mul_($w, 2)
d = view($x, [4])
zero_($d)
set_($x, [0, 0], 5)
s = sum($v)
backward($s)
""",
    "leaves that need no gradient change": """
x = const([1, 2])
v = select($x, 0, 0)
add_($v, 1)
add_($x, 1)
""",
    "requires_grad_ after a change": """
x = const([1, 2])
add_($x, 1)
requires_grad_($x)
y = mul($x, $x)
s = sum($y)
backward($s)
""",
    "requires_grad_ on results": """
x = leaf([1, 2])
y = mul($x, 2)
requires_grad_($y)
requires_grad_($y, false)
d = detach($y)
requires_grad_($d)
z = mul($d, 3)
s = sum($z)
backward($s)
""",
    "requires_grad_ off": """
x = leaf([1, 2])
y = mul($x, 2)
requires_grad_($x, false)
z = mul($x, 3)
s = sum($y)
backward($s)
""",
    "requires_grad_ of a view of a constant": """
x = const([1, 2])
v = select($x, 0, 0)
requires_grad_($v)
y = mul($v, 3)
backward($y)
add_($x, 1)
z = mul($x, 2)
""",
    "requires_grad_ of the base of a view": """
x = const([1, 2])
v = select($x, 0, 0)
requires_grad_($x)
y = mul($v, 3)
w = select($x, 0, 1)
z = mul($w, 2)
backward($z)
""",
    "in place continues the history": """
x = leaf([1, 2])
y = mul($x, 3)
add_($y, 1)
mul_($y, $x)
s = sum($y)
backward($s)
""",
    "in place on what was saved": """
x = leaf([1, 2])
y = exp($x)
z = mul($y, 2)
add_($y, 1)
s = sum($z)
backward($s)
""",
    "in place on what was not saved": """
x = leaf([1, 2])
y = neg($x)
z = mul($y, 2)
add_($y, 1)
s = sum($z)
backward($s)
""",
    "in place on both factors' source": """
x = leaf([1, 2])
y = mul($x, 2)
z = mul($y, $y)
mul_($y, 0)
s = sum($z)
backward($s)
""",
    "the output saved, then changed": """
x = leaf([1, 2])
y = tanh($x)
mul_($y, 2)
s = sum($y)
backward($s)
""",
    "the output of a change in place saved": """
x = leaf([1, 2])
y = mul($x, 1)
tanh_($y)
s = sum($y)
backward($s)
""",
    "a change in place that needs the value before": """
x = leaf([1, 2])
y = mul($x, 3)
mul_($y, $y)
s = sum($y)
backward($s)
""",
    "a base changed, then a view of it": """
x = leaf([1, 2, 3])
y = mul($x, 2)
v = narrow($y, 0, 1, 2)
mul_($y, 5)
s = sum($v)
backward($s)
""",
    "a view changed, then the base": """
x = leaf([1, 2, 3])
y = mul($x, 2)
v = select($y, 0, 0)
mul_($v, 10)
s = sum($y)
backward($s)
""",
    "a view changed, then another view": """
x = leaf([1, 2, 3])
y = mul($x, 2)
a = narrow($y, 0, 0, 2)
b = narrow($y, 0, 1, 2)
mul_($a, 10)
s = sum($b)
backward($s)
""",
    "a view of a view changed": """
x = leaf([[1, 2], [3, 4]])
y = mul($x, 2)
v = t($y)
w = select($v, 0, 1)
mul_($w, $w)
s = sum($y)
backward($s)
""",
    "a view changed with a tensor that requires a gradient": """
x = leaf([1, 2, 3])
w = leaf([10])
y = mul($x, 2)
v = narrow($y, 0, 1, 1)
mul_($v, $w)
s = sum($y)
backward($s)
""",
    "a row of a buffer": """
w = leaf([2, 3])
b = const([[0, 0], [0, 0]])
r = select($b, 0, 1)
copy_($r, $w)
y = mul($b, $b)
s = sum($y)
backward($s)
""",
    "a buffer filled row by row": """
a = leaf([1, 2])
b = leaf([3, 4])
m = const([[0, 0], [0, 0]])
p = select($m, 0, 0)
copy_($p, $a)
q = select($m, 0, 1)
copy_($q, $b)
r = select($m, 1, 0)
s = sum($r)
backward($s)
""",
    "the base saved, a view changed": """
x = leaf([1, 2])
y = mul($x, 2)
z = mul($y, $y)
v = select($y, 0, 0)
zero_($v)
s = sum($z)
backward($s)
""",
    "a view saved, the base changed": """
x = leaf([1, 2])
y = mul($x, 2)
v = select($y, 0, 0)
z = mul($v, $v)
zero_($y)
backward($z)
""",
    "a view saved, another part changed": """
x = leaf([1, 2])
y = mul($x, 2)
v = select($y, 0, 0)
z = mul($v, $v)
w = select($y, 0, 1)
zero_($w)
backward($z)
""",
    "a slice with steps changed": """
x = leaf([1, 2, 3, 4, 5])
y = mul($x, 1)
v = slice($y, 0, 0, 5, 2)
exp_($v)
s = sum($y)
backward($s)
""",
    "a transposed view overwritten": """
x = leaf([[1, 2], [3, 4]])
c = leaf([5, 6])
y = mul($x, 1)
v = t($y)
copy_($v, $c)
z = mul($y, $x)
s = sum($z)
backward($s)
""",
    "zeroing cuts the history": """
x = leaf([1, 2])
y = mul($x, 3)
zero_($y)
add_($y, 1)
s = sum($y)
backward($s)
""",
    "filling a part cuts that part": """
x = leaf([1, 2, 3])
y = mul($x, 3)
set_($y, [1], 7)
s = sum($y)
backward($s)
""",
    "setting a part to a tensor": """
x = leaf([1, 2, 3])
w = leaf(4)
y = mul($x, 3)
set_($y, [1], $w)
s = sum($y)
backward($s)
""",
    "expanded views cannot be changed": """
x = leaf([1])
y = mul($x, 2)
v = expand($y, [3])
mul_($v, 2)
s = sum($v)
backward($s)
""",
    "views of a leaf read": """
x = leaf([[1, 2], [3, 4]])
v = t($x)
w = select($v, 0, 1)
y = mul($w, $w)
s = sum($y)
backward($s)
""",
    "detach shares elements and versions": """
x = leaf([1, 2])
y = mul($x, 2)
z = mul($y, $y)
d = detach($y)
add_($d, 1)
s = sum($z)
backward($s)
""",
    "data shares elements but no version": """
x = leaf([1, 2])
y = mul($x, 2)
z = mul($y, $y)
d = data($y)
add_($d, 1)
s = sum($z)
backward($s)
""",
    "data of a leaf changes it": """
x = leaf([1, 2])
d = data($x)
mul_($d, 5)
y = mul($x, $x)
s = sum($y)
backward($s)
""",
    "detach of a leaf changes it": """
x = leaf([1, 2])
d = detach($x)
mul_($d, 5)
y = mul($x, $x)
s = sum($y)
backward($s)
""",
    "detach stops gradients": """
x = leaf([1, 2])
y = mul($x, $x)
d = detach($y)
z = mul($d, $x)
s = sum($z)
backward($s)
""",
    "a clone is no view": """
x = leaf([1, 2])
c = clone($x)
mul_($c, 3)
s = sum($c)
backward($s)
""",
    "a view made under no_grad": """
x = leaf([1, 2])
no_grad:
  v = view($x, [2, 1])
y = mul($v, 2)
""",
    "a view made under no_grad and changed": """
x = leaf([1, 2])
y = mul($x, 2)
no_grad:
  v = select($y, 0, 0)
mul_($v, 2)
s = sum($y)
backward($s)
""",
    "a view made under no_grad and changed under it": """
x = leaf([1, 2])
y = mul($x, 2)
no_grad:
  v = select($y, 0, 0)
  mul_($v, 2)
s = sum($y)
backward($s)
""",
    "a view changed under no_grad": """
x = leaf([1, 2])
y = mul($x, 2)
v = select($y, 0, 0)
no_grad:
  mul_($v, 2)
s = sum($y)
backward($s)
""",
    "retained gradients": """
x = leaf([1, 2])
y = mul($x, 3)
retain_grad($y)
z = mul($y, $y)
s = sum($z)
backward($s, null, {"retain_graph": true})
backward($s)
""",
    "retain_grad of leaves and constants": """
x = leaf([1, 2])
retain_grad($x)
c = const([1])
retain_grad($c)
s = sum($x)
backward($s)
""",
    "a retained gradient of what is changed later": """
x = leaf([1, 2])
y = mul($x, 3)
retain_grad($y)
mul_($y, 5)
s = sum($y)
backward($s)
""",
    "a hook sees": """
x = leaf([1, 2])
y = mul($x, 3)
hook($y, "y")
hook($x, "x")
s = sum($y)
backward($s)
""",
    "hooks replace, in order": """
x = leaf([1, 2])
y = mul($x, 3)
hook($y, "first", 2)
hook($y, "second", 5)
hook($x, "leaf", 10)
s = sum($y)
backward($s)
""",
    "a hook sees the sum over paths": """
x = leaf([1, 2])
y = mul($x, 3)
hook($y, "y")
a = mul($y, 2)
b = mul($y, $y)
c = add($a, $b)
s = sum($c)
backward($s)
""",
    "a removed hook": """
x = leaf([1, 2])
h = hook($x, "x", 2)
k = hook($x, "k")
s = sum($x)
backward($s, null, {"retain_graph": true})
remove($h)
backward($s)
""",
    "hooks and retained gradients": """
x = leaf([1, 2])
y = mul($x, 3)
hook($y, "before", 2)
retain_grad($y)
hook($y, "after", 10)
s = sum($y)
backward($s)
""",
    "hooks of independent branches": """
x = leaf([1, 2])
a = mul($x, 2)
b = mul($x, 3)
c = mul($x, 4)
hook($a, "a")
hook($b, "b")
hook($c, "c")
d = add($a, $c)
e = add($d, $b)
hook($d, "d")
hook($e, "e")
s = sum($e)
backward($s)
""",
    "hooks of branches of other lengths": """
x = leaf([1])
a = exp($x)
b = mul($a, 2)
c = neg($x)
d = mul($b, $c)
hook($a, "a")
hook($b, "b")
hook($c, "c")
hook($x, "x")
backward($d)
""",
    "a hook of what needs no gradient": """
c = const([1])
hook($c, "c")
""",
    "a hook, then a change in place": """
x = leaf([1, 2])
y = mul($x, 3)
hook($y, "old")
mul_($y, 5)
hook($y, "new")
s = sum($y)
backward($s)
""",
    "a hook on a base whose view changes": """
x = leaf([1, 2])
y = mul($x, 3)
hook($y, "old")
v = select($y, 0, 0)
mul_($v, 5)
hook($y, "new")
s = sum($y)
backward($s)
""",
    "a hook on a view": """
x = leaf([1, 2])
y = mul($x, 3)
v = select($y, 0, 0)
hook($v, "v", 10)
z = add($v, 1)
backward($z)
""",
    "joined": """
x = leaf([1, 2])
y = leaf([3])
z = cat([$x, $y, $x])
w = mul($z, $z)
s = sum($w)
backward($s)
""",
    "stacked views": """
x = leaf([1, 2, 3])
a = select($x, 0, 0)
b = select($x, 0, 2)
z = stack([$a, $b, $a])
w = mul($z, $z)
s = sum($w)
backward($s)
""",
    "a gradient of a view of a gradient": """
x = leaf([1, 2])
s = sum($x)
backward($s)
g = grad($x)
v = select($g, 0, 0)
mul_($v, 10)
""",
    "a constant changed by what requires a gradient": """
x = leaf([1, 2])
c = const([0, 0])
add_($c, $x)
mul_($c, $c)
s = sum($c)
backward($s)
""",
    "an operand in place of itself": """
x = leaf([1, 2])
y = mul($x, 2)
add_($y, $y)
sub_($y, $x)
s = sum($y)
backward($s)
""",
    "the operand of a change in place changed later": """
x = leaf([1, 2])
w = leaf([3, 4])
u = mul($w, 1)
y = mul($x, 2)
mul_($y, $u)
add_($u, 1)
s = sum($y)
backward($s)
""",
    "matrix products save both sides": """
a = leaf([[1, 2], [3, 4]])
b = mul($a, 2)
c = mm($a, $b)
zero_($b)
s = sum($c)
backward($s)
""",
    "a sum saves nothing": """
a = leaf([[1, 2], [3, 4]])
b = mul($a, 2)
s = sum($b)
zero_($b)
backward($s)
""",
    "the base of a view freed of its gradient by requires_grad_": """
x = leaf([1, 2])
v = select($x, 0, 0)
requires_grad_($x, false)
y = mul($v, 3)
backward($y)
""",
}
