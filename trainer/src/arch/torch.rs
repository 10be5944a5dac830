//! Networks as libtorch computes them.

use super::ops::{Conv, Init, Ops};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use tch::{Device, IndexOp, Kind, Tensor};

/// A variance below this counts as none.
const EPSILON: f64 = 1e-5;

/// The fitted weights of a network by name, in the order of their names.
#[derive(Debug)]
pub struct Weights {
    map: RefCell<BTreeMap<String, Tensor>>,
    constants: RefCell<BTreeMap<String, Tensor>>,
    device: Device,
}

impl Weights {
    /// An empty set. The first use of a name creates the weight.
    pub fn new(device: Device) -> Rc<Self> {
        Rc::new(Self { map: RefCell::default(), constants: RefCell::default(), device })
    }

    /// The device that holds them.
    pub fn device(&self) -> Device {
        self.device
    }

    /// All weights, by name. The tensors share their storage with the network's.
    pub fn all(&self) -> Vec<(String, Tensor)> {
        self.map.borrow().iter().map(|(name, w)| (name.clone(), w.shallow_clone())).collect()
    }

    /// One weight.
    pub fn get(&self, name: &str) -> Option<Tensor> {
        self.map.borrow().get(name).map(Tensor::shallow_clone)
    }

    /// The number of fitted parameters.
    pub fn count(&self) -> usize {
        self.map.borrow().values().map(Tensor::numel).sum()
    }

    /// Overwrites the values of a weight that exists.
    pub fn set(&self, name: &str, value: &Tensor) {
        if let Some(weight) = self.map.borrow_mut().get_mut(name) {
            tch::no_grad(|| weight.copy_(value));
        }
    }

    /// An independent copy, in which nothing is fitted any more; `round` changes each weight.
    pub fn frozen(&self, round: impl Fn(&str, &Tensor) -> Tensor) -> Rc<Self> {
        let map = self.map.borrow();
        let map = map.iter().map(|(name, w)| (name.clone(), round(name, &w.detach()).detach())).collect();
        Rc::new(Self { map: RefCell::new(map), constants: RefCell::default(), device: self.device })
    }
}

/// The operations on tensors.
#[derive(Clone, Debug)]
pub struct Torch {
    weights: Rc<Weights>,
}

impl Torch {
    /// Computes with these weights.
    pub fn new(weights: &Rc<Weights>) -> Self {
        Self { weights: Rc::clone(weights) }
    }

    fn kept(&mut self, name: &str, make: impl FnOnce() -> Tensor) -> Tensor {
        let mut constants = self.weights.constants.borrow_mut();
        constants.entry(name.to_owned()).or_insert_with(make).shallow_clone()
    }
}

fn dims(shape: &[usize]) -> Vec<i64> {
    shape.iter().map(|d| *d as i64).collect()
}

impl Ops for Torch {
    type Value = Tensor;

    fn same(&self, x: &Tensor) -> Tensor {
        x.shallow_clone()
    }

    fn constant(&mut self, name: &str, shape: &[usize], data: &[f32]) -> Tensor {
        let device = self.weights.device;
        self.kept(name, || Tensor::from_slice(data).reshape(dims(shape)).to_device(device))
    }

    fn constant_f16(&mut self, name: &str, shape: &[usize], data: &[f32]) -> Tensor {
        self.constant(name, shape, data)
    }

    fn weight(&mut self, name: &str, shape: &[usize], init: Init) -> Tensor {
        let mut map = self.weights.map.borrow_mut();
        let weight = map.entry(name.to_owned()).or_insert_with(|| {
            let options = (Kind::Float, self.weights.device);
            let weight = match init {
                Init::Zero => Tensor::zeros(dims(shape), options),
                Init::One => Tensor::ones(dims(shape), options),
                Init::Normal(deviation) => Tensor::randn(dims(shape), options) * deviation,
            };
            weight.detach().set_requires_grad(true)
        });
        weight.shallow_clone()
    }

    fn indices(&mut self, name: &str, indices: &[usize]) -> Tensor {
        let device = self.weights.device;
        self.kept(name, || Tensor::from_slice(&dims(indices)).to_device(device))
    }

    fn conv(&mut self, x: &Tensor, weight: &Tensor, bias: &Tensor, how: Conv) -> Tensor {
        let (stride, padding) = (how.stride as i64, how.kernel as i64 / 2);
        x.conv2d(weight, Some(bias), [stride, stride], [padding, padding], [1, 1], 1)
    }

    fn add(&mut self, a: &Tensor, b: &Tensor) -> Tensor {
        a + b
    }

    fn sub(&mut self, a: &Tensor, b: &Tensor) -> Tensor {
        a - b
    }

    fn mul(&mut self, a: &Tensor, b: &Tensor) -> Tensor {
        a * b
    }

    fn div(&mut self, a: &Tensor, b: &Tensor) -> Tensor {
        a / b
    }

    fn matmul(&mut self, a: &Tensor, b: &Tensor) -> Tensor {
        a.matmul(b)
    }

    fn reshape(&mut self, x: &Tensor, dims: &[i64]) -> Tensor {
        let size = x.size();
        let kept = |(axis, d): (usize, &i64)| if *d == 0 { size[axis] } else { *d };
        x.reshape(dims.iter().enumerate().map(kept).collect::<Vec<_>>())
    }

    fn reshape_like(&mut self, x: &Tensor, like: &Tensor) -> Tensor {
        x.reshape(like.size())
    }

    fn transpose(&mut self, x: &Tensor, permutation: &[i64]) -> Tensor {
        x.permute(permutation)
    }

    fn depth_to_space(&mut self, x: &Tensor, f: usize) -> Tensor {
        let (n, c, h, w) = size4(x);
        let f = f as i64;
        let parts = x.reshape([n, f, f, c / (f * f), h, w]);
        parts.permute([0, 3, 4, 1, 5, 2]).reshape([n, c / (f * f), h * f, w * f])
    }

    fn space_to_depth(&mut self, x: &Tensor, f: usize) -> Tensor {
        let (n, c, h, w) = size4(x);
        let f = f as i64;
        x.reshape([n, c, h / f, f, w / f, f]).permute([0, 3, 5, 1, 2, 4]).reshape([
            n,
            c * f * f,
            h / f,
            w / f,
        ])
    }

    fn mean(&mut self, x: &Tensor, axis: i64) -> Tensor {
        x.mean_dim(Some([axis].as_slice()), true, None)
    }

    fn mean_blocks(&mut self, x: &Tensor, f: usize) -> Tensor {
        let f = f as i64;
        x.avg_pool2d([f, f], [f, f], [0, 0], false, false, None)
    }

    fn mean3(&mut self, x: &Tensor) -> Tensor {
        x.avg_pool2d([3, 3], [1, 1], [1, 1], false, false, None)
    }

    fn abs(&mut self, x: &Tensor) -> Tensor {
        x.abs()
    }

    fn ln(&mut self, x: &Tensor) -> Tensor {
        x.log()
    }

    fn clamp(&mut self, x: &Tensor, low: f32, high: f32) -> Tensor {
        x.clamp(f64::from(low), f64::from(high))
    }

    fn relu(&mut self, x: &Tensor) -> Tensor {
        x.relu()
    }

    fn silu(&mut self, x: &Tensor) -> Tensor {
        x.silu()
    }

    fn tanh(&mut self, x: &Tensor) -> Tensor {
        x.tanh()
    }

    fn softmax(&mut self, x: &Tensor) -> Tensor {
        x.softmax(-1, None)
    }

    fn group_norm(&mut self, x: &Tensor, groups: usize) -> Tensor {
        x.group_norm(groups as i64, None::<&Tensor>, None::<&Tensor>, EPSILON, true)
    }

    fn concat(&mut self, parts: &[Tensor]) -> Tensor {
        Tensor::cat(parts, 1)
    }

    fn channels(&mut self, x: &Tensor, start: usize, end: usize) -> Tensor {
        x.narrow(1, start as i64, (end - start) as i64)
    }

    fn pick_channels(&mut self, x: &Tensor, indices: &Tensor) -> Tensor {
        x.index_select(1, indices)
    }

    fn pad_channels(&mut self, x: &Tensor, count: usize) -> Tensor {
        x.constant_pad_nd([0, 0, 0, 0, 0, count as i64])
    }

    fn equals(&mut self, x: &Tensor, value: f32) -> Tensor {
        x.eq(f64::from(value)).to_kind(Kind::Float)
    }

    fn above(&mut self, x: &Tensor, threshold: f32) -> Tensor {
        x.gt(f64::from(threshold)).to_kind(Kind::Float)
    }

    fn lookup_largest(&mut self, x: &Tensor, table: &Tensor) -> Tensor {
        let largest = x.argmax(1, true);
        table.index_select(0, &largest.flatten(0, -1)).reshape(largest.size())
    }

    fn entries(&mut self, codes: &Tensor, codebooks: &Tensor, plane: usize) -> Tensor {
        let codes = codes.i((.., plane as i64)).to_kind(Kind::Int64);
        let mut shape = codes.size();
        shape.push(-1);
        let entries = codebooks.i(plane as i64).index_select(0, &codes.flatten(0, -1));
        entries.reshape(shape).permute([0, 3, 1, 2])
    }

    fn float(&mut self, x: &Tensor) -> Tensor {
        x.to_kind(Kind::Float)
    }
}

/// The four dimensions of a raster.
fn size4(x: &Tensor) -> (i64, i64, i64, i64) {
    let size = x.size();
    (size[0], size[1], size[2], size[3])
}
